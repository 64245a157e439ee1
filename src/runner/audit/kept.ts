/**
 * Events that the gateway did not take yet, on the agent's own disk: `state/audit.pending.jsonl`. Replaced as
 * a whole, so that a crash leaves the old list or the new one.
 */
import { join } from "node:path";
import type { Disk } from "../../system/disk.ts";
import { exists, readFile, removeDurably, replaceDurably } from "../../system/durable.ts";

export const keptPath = (state: string): string => join(state, "audit.pending.jsonl");

const mode = 0o600;
const maxBytes = 4 << 20;

/** JSON texts in order. What is not one was never ours, or the disk's fault, and is passed over. */
export function readKept(disk: Disk, path: string): string[] {
  const bytes = readFile(disk, path, maxBytes);
  if (bytes === null) return [];
  return Buffer.from(bytes).toString("utf8").split("\n").filter(isObject);
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

export const writeKept = (disk: Disk, path: string, events: readonly string[]): void =>
  replaceDurably(disk, path, Buffer.from(events.map((event) => `${event}\n`).join("")), mode);

export const removeKept = (disk: Disk, path: string): void => {
  // Nearly always there is none, and nothing to make durable.
  if (exists(disk, path)) removeDurably(disk, path);
};
