/**
 * What follows from changed paths and is not done yet: PID 1 must read drop-ins again, runners and the gateway
 * start anew, a grant reach what lies below. A run that is killed in between leaves the paths as wanted, so
 * the next one would see nothing to do; this note tells it. A boot clears it, and makes all of that itself.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, nodeDisk } from "../system/disk.ts";
import { removeDurably, replaceDurably } from "../system/durable.ts";
import { ConError, exit } from "../system/errors.ts";
import { owedFile } from "./paths.ts";

/** Of the run before, if it did not come to its end. */
export function owed(path: string = owedFile): string[] {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as { readonly paths: string[] }).paths;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    if (!(error instanceof SyntaxError)) throw error;
    const remedy = "remove it, and restart what changed lately, or reboot";
    throw new ConError(exit.configuration, path, "it is damaged", remedy, { cause: error });
  }
}

/** Before the first of them is changed. Adds to what is owed already. */
export function owe(changed: readonly string[], path: string = owedFile): void {
  const before = owed(path);
  const paths = [...new Set([...before, ...changed])];
  if (paths.length === before.length) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  replaceDurably(nodeDisk, path, Buffer.from(JSON.stringify({ version: 1, paths })), 0o600);
}

export const settleOwed = (path: string = owedFile): void => removeDurably(nodeDisk, path);
