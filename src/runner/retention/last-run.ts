/** `state/upkeep.json`: when old things were looked through last. Replaced whole; only ever read as a time. */
import { join } from "node:path";
import type { AgentPaths } from "../../spool/layout.ts";
import type { Disk } from "../../system/disk.ts";
import { readFile, replaceDurably } from "../../system/durable.ts";

const maxBytes = 4096;

const pathOf = ({ state }: Pick<AgentPaths, "state">): string => join(state, "upkeep.json");

/** Epoch milliseconds; null where there was none that can be read. */
export function lastRun(disk: Disk, paths: Pick<AgentPaths, "state">): number | null {
  const bytes = readFile(disk, pathOf(paths), maxBytes);
  if (bytes === null) return null;
  try {
    const { version, ran } = (JSON.parse(Buffer.from(bytes).toString("utf8")) ?? {}) as Readonly<
      Record<string, unknown>
    >;
    const at = version === 1 && typeof ran === "string" ? Date.parse(ran) : Number.NaN;
    return Number.isNaN(at) ? null : at;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export function noteRun(disk: Disk, paths: Pick<AgentPaths, "state">, at: number): void {
  const text = JSON.stringify({ version: 1, ran: new Date(at).toISOString() });
  replaceDurably(disk, pathOf(paths), Buffer.from(`${text}\n`), 0o600);
}
