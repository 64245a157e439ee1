/**
 * Asks about what an agent alone may open. As root: a process that has given up root, has the agent's rights and no
 * terminal. As the agent, or in a directory of `con dev`: here. Never: opens an agent's file as root, or believes what
 * comes back.
 */
import type { AgentEntry } from "../../config/runtime.ts";
import { ConError, type ExitCode, exit } from "../../system/errors.ts";
import { type ExecResult, exec } from "../../system/exec.ts";
import { asRoot } from "./access.ts";
import { argvAs } from "./as-agent.ts";
import type { Io } from "./io.ts";
import { knownAgent } from "./known.ts";
import { loadSystem, type System } from "./system.ts";

/** Comes from a process of the agent: nothing of it is believed to be of that form. */
export type Answered =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: number; readonly why: string; readonly remedy: string };

export type Run = (argv: readonly [string, ...string[]], input: string) => Promise<ExecResult>;

export interface AsAgent<T> {
  /** `memory` for `memory of NAME`. */
  readonly what: string;
  /** `con` with these reads `asked` as JSON and writes the answer. */
  readonly argv: readonly string[];
  readonly asked: (system: System) => T;
  /** The same, by this process. */
  readonly answer: (asked: T) => Promise<Answered>;
  readonly by?: Run;
  readonly isInstalled?: boolean;
}

const timeoutMs = 60_000;
const runHere =
  (waitMs: number): Run =>
  (argv, input) =>
    exec(argv, { input, timeoutMs: waitMs, cwd: "/" });

export async function askAsAgent<T>(
  io: Io,
  name: string,
  { what, argv, asked, answer, by, isInstalled }: AsAgent<T>,
  waitMs = timeoutMs,
): Promise<unknown> {
  const system = loadSystem(io.env);
  const { uid }: AgentEntry = knownAgent(system.runtime, name);
  const subject = `${what} of ${name}`;
  const request = asked(system);
  const isOwn = isInstalled !== true && (system.dev || io.uid === uid);
  if (!isOwn && io.uid !== 0)
    throw new ConError(exit.permission, subject, "only root may look", asRoot);
  const run = by ?? runHere(waitMs);
  const answered = isOwn
    ? await answer(request)
    : read(await run(argvAs(name, uid, argv), JSON.stringify(request)));
  if (answered.ok) return answered.value;
  const { code, why, remedy } = answered;
  throw new ConError(codeOf(code), subject, String(why), String(remedy));
}

function read({ code, stdout, stderr }: ExecResult): Answered {
  const broken = (why: string): Answered => ({
    ...{ ok: false, code: exit.unavailable, why },
    remedy: "try again; con logs and con doctor may say more",
  });
  if (code !== 0) return broken(stderr.trim().split("\n")[0] || `the reader ended with ${code}`);
  try {
    const said = JSON.parse(stdout) as Answered | null;
    return said ?? broken("the answer is not readable");
  } catch (error) {
    if (error instanceof SyntaxError) return broken("the answer is not readable");
    throw error;
  }
}

const codeOf = (code: unknown): ExitCode =>
  Object.values(exit).find((one) => one === code && one !== exit.ok) ?? exit.unavailable;

const mostBytes = 1 << 20;

/** What was asked, for the process that answers. It must never be root. */
export async function readAsked(io: Io, what: string): Promise<unknown> {
  if (io.uid === 0) {
    const why = "root opens no file of an agent";
    throw new ConError(exit.permission, what, why, "use the other commands");
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of io.input()) {
    length += part.length;
    if (length <= mostBytes) parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString("utf8")) as unknown;
}
