/**
 * Brings a change of /etc/con into force: `con bootstrap` as a process of its own, then a restart of the
 * gateway if it runs, because keys reach it only when it starts.
 *
 * Never: starts a gateway that nobody has called. Calls that the restart cuts are repeated by agents.
 */

import { ConError, exit } from "../../system/errors.ts";
import type { exec } from "../../system/exec.ts";
import type { Io } from "./io.ts";
import { safeText } from "./text.ts";

export type Execute = typeof exec;

const bootstrapMs = 600_000;
const gateway = "con-gateway.service";

/** `self` is how this program was started: interpreter and script. Returns bootstrap's exit code. */
export async function reapply(
  execute: Execute,
  self: readonly [string, string],
  io: Io,
): Promise<number> {
  const code = await reapplyWithoutKeys(execute, self, io);
  const restarted = await execute(["systemctl", "try-restart", gateway]);
  if (restarted.code !== exit.ok) {
    const why = restarted.stderr.trim() || `systemctl ended with ${restarted.code}`;
    throw new ConError(exit.unavailable, gateway, why, `systemctl status ${gateway}`);
  }
  return code;
}

/** The same for what no key hangs on: the gateway runs on. */
export async function reapplyWithoutKeys(
  execute: Execute,
  self: readonly [string, string],
  io: Io,
): Promise<number> {
  const result = await execute([...self, "bootstrap"], { timeoutMs: bootstrapMs });
  if (result.stderr !== "") io.err(safeText(result.stderr));
  if (result.code !== exit.ok && result.code !== exit.configuration) {
    const why = result.timedOut ? "it took too long" : `it ended with ${result.code}`;
    const remedy = "the change is saved: correct what it says, then run con bootstrap";
    throw new ConError(exit.unavailable, "con bootstrap", why, remedy);
  }
  return result.code;
}

/** The running program as argv. */
export const selfArgv = (): readonly [string, string] => [process.execPath, process.argv[1] ?? ""];
