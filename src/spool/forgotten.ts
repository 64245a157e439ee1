/**
 * `state/forgotten.json`: up to when finished tasks may have been forgotten, and so a task that comes once more would
 * not be known. Written before the first of them is removed, and only ever forward.
 *
 * A verified task from before that moment is refused: by the time in its id, and by the time at which its file was
 * written last, which only its owner can change, whatever name somebody gives it. What was forgotten was claimed
 * before that moment, so its file was written before it. Never: lets a damaged file stand for one that forgot nothing.
 */
import { join } from "node:path";
import type { Disk } from "../system/disk.ts";
import { readFile, replaceDurably } from "../system/durable.ts";
import { type JsonObject, jsonOrNull } from "../system/json.ts";
import { timeOfId } from "../task/id.ts";
import type { AgentPaths } from "./layout.ts";

const maxBytes = 4096;

const pathOf = ({ state }: Pick<AgentPaths, "state">): string => join(state, "forgotten.json");

/** Epoch milliseconds; null: nothing was forgotten yet. */
export function forgottenBefore(disk: Disk, paths: Pick<AgentPaths, "state">): number | null {
  const path = pathOf(paths);
  const found = disk.find(path);
  if (found === null) return null;
  const bytes = found.isFile() ? readFile(disk, path, maxBytes) : null;
  const before = bytes === null ? null : momentIn(Buffer.from(bytes).toString("utf8"));
  // What it said was at most the moment at which it was written.
  return before ?? Number(found.mtimeNs / 1_000_000n);
}

/** Durable when it returns. */
export function forgetBefore(disk: Disk, paths: Pick<AgentPaths, "state">, moment: number): void {
  if (moment <= (forgottenBefore(disk, paths) ?? Number.NEGATIVE_INFINITY)) return;
  const text = JSON.stringify({ version: 1, before: new Date(moment).toISOString() });
  replaceDurably(disk, pathOf(paths), Buffer.from(`${text}\n`), 0o600);
}

function momentIn(text: string): number | null {
  const { version, before } = (jsonOrNull(text) ?? {}) as JsonObject;
  const moment = version === 1 && typeof before === "string" ? Date.parse(before) : Number.NaN;
  return Number.isNaN(moment) ? null : moment;
}

export interface Arrived {
  readonly id: string;
  /** Of the file that came. */
  readonly mtimeNs: bigint;
}

/** Why nobody can say that it did not run before; null when that is known. */
export function whyTooOld(
  disk: Disk,
  paths: Pick<AgentPaths, "state">,
  { id, mtimeNs }: Arrived,
): string | null {
  const before = forgottenBefore(disk, paths);
  const from = Math.min(timeOfId(id), Number(mtimeNs / 1_000_000n));
  if (before === null || from >= before) return null;
  const days = [from, before].map((at) => new Date(at).toISOString().slice(0, 10));
  return `it is from ${days[0]}, and what this agent did before ${days[1]} may be forgotten: it could have run already. Send it again`;
}
