/**
 * Task ids and the names of task files: made, recognised and made safe.
 *
 * An id is `UUID` or `PREFIX-UUID`; version 7 (RFC 9562 §5.7) when `con` makes it, version 8 when it
 * is derived from facts, so that deriving twice gives the same id. Never: lets a name that came
 * from outside reach a path. `isId` is the only gate; everything it accepts is one plain file name.
 */
import { createHash } from "node:crypto";

/** Longest prefix kept of a file's own name. */
const maxPrefix = 64;

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
const idPattern = new RegExp(`^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,${maxPrefix - 1}}-)?${uuid}$`);

/** True for what may be used as a file name and shown on a terminal without further care. */
export const isId = (text: string): boolean => idPattern.test(text);

/** What identifies one state of one file; from fstat(2). */
export interface FileFacts {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly ctimeNs: bigint;
  readonly size: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
}

/** A fresh id: sorts by time, never repeats. `randomBytes` must be unpredictable. */
export function newId(nowMs: number, randomBytes: (count: number) => Uint8Array): string {
  return format(nowMs, 7, randomBytes(10));
}

/** The id of a dropped file `BASE.task`: the same file in the same state always gets the same id. */
export function idForDrop(base: string, facts: FileFacts): string {
  const { dev, ino, ctimeNs, size, uid } = facts;
  const parts = ["drop", base, dev, ino, ctimeNs, size, uid].map(String);
  return `${safePrefix(base)}-${derivedId(Number(ctimeNs / 1_000_000n), parts)}`;
}

/** A version 8 id from a time and the parts that it stands for. */
export function derivedId(timeMs: number, parts: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest();
  return format(timeMs, 8, hash.subarray(0, 10));
}

/** The time inside an id, epoch milliseconds; 0 for what is no id. */
export function timeOfId(id: string): number {
  if (!isId(id)) return 0;
  const tail = id.slice(-36);
  return Number.parseInt(tail.slice(0, 8) + tail.slice(9, 13), 16);
}

/** A file's own name as the readable part of an id: letters, digits, `._-`, never empty. */
export function safePrefix(base: string): string {
  const plain = base.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, maxPrefix);
  return plain.replace(/^[^A-Za-z0-9_]/, "_") || "_";
}

function format(timeMs: number, version: 7 | 8, rest: Uint8Array): string {
  const time = Math.max(0, Math.trunc(timeMs)).toString(16).padStart(12, "0").slice(-12);
  const hex = Buffer.from(rest).toString("hex");
  const variant = ((Number.parseInt(hex.slice(3, 4), 16) & 3) | 8).toString(16);
  return [
    time.slice(0, 8),
    time.slice(8),
    `${version}${hex.slice(0, 3)}`,
    `${variant}${hex.slice(4, 7)}`,
    hex.slice(7, 19),
  ].join("-");
}
