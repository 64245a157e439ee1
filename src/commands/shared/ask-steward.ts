/**
 * Asks the steward for a person and says what came of it. Never: waits for ever, or takes a request back:
 * one without an answer in time stays, and is done when the steward gets to it.
 */

import type { Command } from "commander";
import { awaitAnswer, submit } from "../../steward/ask.ts";
import type { StewardAnswer, StewardRequest } from "../../steward/types.ts";
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import type { Io } from "./io.ts";
import { wholeNumber } from "./parse.ts";
import { safeJson, safeLine } from "./text.ts";

const defaultSeconds = 60;

export interface AskOptions {
  readonly why: string;
  readonly json?: boolean;
  readonly timeout: number;
  /** Said where the answer takes longer than a moment. */
  readonly meanwhile?: string;
}

/** What every help text of these verbs ends with. */
export const askHelp = `Only root and members of group trusted may.

Exit code: 0 done, 1 refused or failed, 69 not installed, 75 no answer in time (it will still be done).
Keys of --json: version, id, at, by {uid, name}, verb, status (done, refused or failed), error, changes
[text], undo (the command that takes it back, or null).`;

export const withAskOptions = (command: Command): Command =>
  command
    .option("--why <text>", "one line for the records", "")
    .option("--timeout <seconds>", "longest wait", wholeNumber("--timeout", 1), defaultSeconds)
    .option("--json", "print JSON");

/** `name` is the command as a person typed it. */
export async function askSteward(
  io: Io,
  name: string,
  request: Pick<StewardRequest, "verb"> & Readonly<Record<string, unknown>>,
  options: AskOptions,
): Promise<number> {
  mustBeInstalled(io, name);
  const whole = { version: 1, ...request, why: oneLine(options.why), incident: null };
  const { id } = submit(nodeDisk, whole as unknown as StewardRequest);
  const answer = await patiently(io, id, options);
  if (answer === null) {
    const why = `no answer to request ${id} yet`;
    const remedy = "it stays and will be done; see systemctl status con-steward.path con-steward";
    throw new ConError(exit.tryLater, name, why, remedy);
  }
  if (options.json) io.out(safeJson(answer));
  else print(io, name, answer);
  return answer.status === "done" ? exit.ok : exit.no;
}

/** After that a person wants to know what takes so long. */
const momentMs = 2000;

async function patiently(io: Io, id: string, { timeout, meanwhile }: AskOptions) {
  const [timeoutMs, signal] = [timeout * 1000, io.interrupted()];
  const soon = meanwhile === undefined ? 0 : Math.min(momentMs, timeoutMs);
  const early = await awaitAnswer(id, { timeoutMs: soon, signal });
  if (early !== null || signal.aborted) return early;
  if (meanwhile !== undefined) io.err(`con: ${safeLine(meanwhile)}\n`);
  return awaitAnswer(id, { timeoutMs: timeoutMs - soon, signal });
}

function mustBeInstalled(io: Io, name: string): void {
  if (!io.env["CON_ROOT"]) return;
  const why = "con dev has no steward and no units";
  const remedy = "use it on an installed system; agents of con dev stop with Ctrl-C";
  throw new ConError(exit.unavailable, name, why, remedy);
}

export function oneLine(why: string): string {
  if (/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{0,500}$/.test(why)) return why;
  throw new ConError(exit.usage, "--why", "it is not one line", "give at most 500 characters");
}

function print(io: Io, name: string, { status, error, changes, undo }: StewardAnswer): void {
  if (status !== "done") io.err(`con: ${safeLine(`${name}: ${error ?? status}`)}\n`);
  if (status === "done" && changes.length === 0) io.out("nothing to change\n");
  for (const change of changes) io.out(`${safeLine(change)}\n`);
  if (undo !== null) io.out(`undo: ${safeLine(undo)}\n`);
}
