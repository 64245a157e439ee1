/**
 * What a refused or failed system call means to the person at the keyboard. Pure.
 *
 * EACCES is never a crash and never "not there": it is exit code 77 with the remedy.
 */

import { errnoOf } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";

export const isDenied = (error: unknown): boolean =>
  ["EACCES", "EPERM"].includes(errnoOf(error) ?? "");

export const isMissing = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "");

/** A folder that is not there, or has a link that leads nowhere in its place. */
export const isNoFolder = (error: unknown): boolean =>
  isMissing(error) || errnoOf(error) === "ELOOP";

/** Reading the queue and the journal takes the agent or root; answers and inboxes take `trusted`. */
export const asRoot = "run it as root (sudo con …)";
export const joinTrusted =
  "ask an administrator for: usermod -aG trusted YOU, con bootstrap, and log in again; or run it as root";

export function denied(what: string, path: string, remedy: string): ConError {
  return new ConError(exit.permission, what, `you may not use ${path}`, remedy);
}
