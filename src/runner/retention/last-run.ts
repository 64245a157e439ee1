/** `state/upkeep.json`: when old things were looked through last. Replaced whole; only ever read as a time. */
import { join } from "node:path";
import type { AgentPaths } from "../../spool/layout.ts";
import type { Disk } from "../../system/disk.ts";
import { readFile, replaceDurably } from "../../system/durable.ts";
import { type JsonObject, jsonOrNull } from "../../system/json.ts";

const maxBytes = 4096;

const pathOf = ({ state }: Pick<AgentPaths, "state">): string => join(state, "upkeep.json");

/** Epoch milliseconds; null where there was none that can be read. */
export function lastRun(disk: Disk, paths: Pick<AgentPaths, "state">): number | null {
  const bytes = readFile(disk, pathOf(paths), maxBytes);
  const value = bytes === null ? null : jsonOrNull(bytes);
  const { version, ran } = (value ?? {}) as JsonObject;
  const at = version === 1 && typeof ran === "string" ? Date.parse(ran) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

export function noteRun(disk: Disk, paths: Pick<AgentPaths, "state">, at: number): void {
  const text = JSON.stringify({ version: 1, ran: new Date(at).toISOString() });
  replaceDurably(disk, pathOf(paths), Buffer.from(`${text}\n`), 0o600);
}
