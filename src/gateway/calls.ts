/**
 * One model call from a caller whose uid the kernel named: ladder, turn in the queue, answer, ledger.
 *
 * Each event of an upstream passes through as it came; one of our own before the end names the model
 * and the cost. Never: lets a caller choose an upstream, a key or a header; ends an answer before
 * its row is in the ledger.
 */
import type { ServerResponse } from "node:http";
import type { GatewayCaller, GatewayRuntime } from "../config/types.ts";
import { sseDone, sseEvent } from "../model/sse.ts";
import type { Log } from "../system/log.ts";
import { type Account, costOf, newAccount } from "./account.ts";
import { type Ascent, type AscentDeps, ascend } from "./ascend.ts";
import { ladderOf } from "./ladder.ts";
import type { Ledger } from "./ledger.ts";
import { passOn, readWhole } from "./pass-on.ts";
import { errorBody, type Problem, problem } from "./problem.ts";
import type { FairQueue } from "./queue.ts";
import type { Body, Endpoint } from "./upstream.ts";

export interface CallDeps extends AscentDeps {
  readonly runtime: GatewayRuntime;
  readonly queue: FairQueue;
  /** Opened by the first call; rejects where it cannot be written. */
  readonly ledger: () => Promise<Ledger>;
  readonly log: Log;
}

export interface Call {
  readonly caller: GatewayCaller;
  readonly endpoint: Endpoint;
  readonly body: Body;
  /** What the caller says it works on. */
  readonly task: string | null;
  readonly response: ServerResponse;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
}

export async function handleCall(deps: CallDeps, call: Call): Promise<void> {
  const began = deps.now();
  const ladder = ladderOf(deps.runtime, call.caller, call.body["model"]);
  if (!ladder.ok) return refuse(call.response, ladder.problem);
  const release = await deps.queue.enter(call.caller.uid, call.signal);
  if (release === null) {
    return refuse(call.response, problem(429, "too many calls of this caller are waiting", 5));
  }
  const account = newAccount();
  const cost = (label: string) => costOf(ladder.entry, label, account);
  const write = async (label: string, status: number): Promise<void> => {
    const ledger = await deps.ledger();
    ledger.add({
      at: began,
      uid: call.caller.uid,
      agent: call.caller.name,
      task: call.task,
      alias: ladder.alias,
      model: label,
      input: account.input,
      output: account.output,
      costUsd: cost(label),
      status,
      latencyMs: deps.now() - began,
    });
  };
  try {
    await answer(deps, call, ladder.rungs, account, { cost, write });
  } finally {
    release();
  }
}

interface Books {
  readonly cost: (label: string) => number;
  /** Rejects where the row cannot be made durable. */
  readonly write: (label: string, status: number) => Promise<void>;
}

async function answer(
  deps: CallDeps,
  call: Call,
  rungs: Parameters<typeof ascend>[1],
  account: Account,
  books: Books,
): Promise<void> {
  const { response, signal, endpoint, body } = call;
  const closed = await ledgerTrouble(deps, rungs);
  if (closed !== null) return refuse(response, closed);
  const ascent = await ascend(deps, rungs, endpoint, body, signal);
  if (!ascent.ok) {
    await writeRow(deps, books, "none", ascent.problem.status);
    return refuse(response, ascent.problem);
  }
  if (endpoint === "/chat/completions" && body["stream"] === true) {
    await stream(deps, call, ascent, account, books);
  } else {
    await sendWhole(deps, call, ascent, account, books);
  }
}

/** Money is not spent where it cannot be written down; the reflex engine costs none. */
async function ledgerTrouble(
  deps: CallDeps,
  rungs: Parameters<typeof ascend>[1],
): Promise<Problem | null> {
  if (rungs.every(({ kind }) => kind === "reflex")) return null;
  try {
    await deps.ledger();
    return null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    deps.log.error("the ledger cannot be opened", { why });
    return problem(503, `the ledger cannot be written (${why}): no paid call is made`, 60);
  }
}

/** The answer is paid for already, so it still goes out; that the row is missing is an error to see. */
async function writeRow(
  deps: CallDeps,
  books: Books,
  label: string,
  status: number,
): Promise<void> {
  try {
    await books.write(label, status);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    deps.log.error("a call is missing in the ledger", { model: label, why });
  }
}

async function sendWhole(
  deps: CallDeps,
  { response, signal }: Call,
  ascent: Ascent & { ok: true },
  account: Account,
  books: Books,
): Promise<void> {
  const { label, reply } = ascent;
  const whole = await readWhole({ label, reply, account, signal });
  if (typeof whole === "string") {
    await writeRow(deps, books, label, 502);
    return refuse(response, problem(502, whole));
  }
  await writeRow(deps, books, label, 200);
  response.writeHead(200, { "content-type": "application/json", "x-con-model": label });
  response.end(whole);
}

async function stream(
  deps: CallDeps,
  { response, signal }: Call,
  ascent: Ascent & { ok: true },
  account: Account,
  books: Books,
): Promise<void> {
  const { label, reply } = ascent;
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const cut = await passOn(response, { label, reply, account, signal });
  await writeRow(deps, books, label, cut === null ? 200 : 502);
  if (cut === null) {
    const con = { model: label, cost_usd: books.cost(label) };
    response.end(sseEvent({ object: "con.call", choices: [], con }) + sseEvent(sseDone));
  } else if (response.writableNeedDrain) response.destroy();
  else response.end(sseEvent({ error: { message: cut } }));
}

/** Answers with an error that says whether and when to try again. */
export function refuse(response: ServerResponse, found: Problem): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { retryAfterSeconds: wait } = found;
  response.writeHead(found.status, {
    "content-type": "application/json",
    ...(wait === null ? {} : { "retry-after": String(Math.ceil(wait)) }),
  });
  response.end(errorBody(found));
}
