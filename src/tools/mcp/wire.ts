/**
 * What a connection runs over: a program that is started now, or an address. Never: throws for what the system says to
 * a start; shows what was to be passed on.
 */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { openSession } from "../../sandbox/session.ts";
import { httpTransport } from "./http.ts";
import { sessionTransport } from "./stdio.ts";
import type { Reach, Why } from "./types.ts";
import { codeOf, plainWhy, saidOf } from "./why.ts";

export interface Wire {
  readonly transport: Transport;
  /** Of a program: resolves when nothing of it is left. */
  readonly ended: Promise<Why> | null;
  readonly bye: () => Promise<void>;
}

export type Reached = Exclude<Reach, { kind: "none" }>;

function wireOf(reach: Reached, now: () => number): Wire {
  if (reach.kind === "address")
    return { ...httpTransport(reach.url, reach.headers, now), ended: null };
  const { argv, environment, options, seconds } = reach;
  const session = openSession(options, { argv, environment, seconds });
  let cut = "";
  const ended = session.over.then(({ how, said }) => ({ why: cut || how, said: saidOf(said) }));
  const transport = sessionTransport(session, (why) => {
    cut = why;
  });
  return { transport, ended, bye: () => Promise.resolve() };
}

/** Errors of starting may show what was to be passed on, so only their codes are told. */
export function startWire(reach: Reached, now: () => number): Wire | Why {
  try {
    return wireOf(reach, now);
  } catch (error) {
    const code = codeOf(error);
    if (code === "") throw error;
    return plainWhy(`it could not be started (${code})`);
  }
}
