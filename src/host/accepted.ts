/**
 * What the latest bootstrap accepted of /etc/con, and what it found out beside: all that a plan is made of but for
 * what changes from one moment to the next. Temporary agents are planned from it, so that making one applies no
 * edit that nobody has bootstrapped.
 *
 * Replaced whole, readable by root only. A missing or damaged one says so: what was accepted is not guessed.
 */

import type { Disk } from "../system/disk.ts";
import { replaceDurably } from "../system/durable.ts";
import type { Assembled } from "./instructions.ts";
import { textAt, unusable } from "./kept-file.ts";
import { accepted as defaultPath } from "./paths.ts";
import type { World } from "./world.ts";

/** Without temporary agents. */
export interface Accepted {
  readonly version: 1;
  readonly world: Omit<World, "children" | "now" | "formerGrants" | "holds">;
  /** Instructions and skills of a temporary agent, by its role. */
  readonly roles: ReadonlyMap<string, Assembled>;
}

export function saveAccepted(disk: Disk, accepted: Accepted, path: string = defaultPath): void {
  const text = `${JSON.stringify(accepted, encode)}\n`;
  if (textAt(path) !== text) replaceDurably(disk, path, Buffer.from(text), 0o600);
}

/** Throws `ConError` 69 where there is none that can be used. */
export function loadAccepted(path: string = defaultPath): Accepted {
  const text = textAt(path);
  if (text === null) throw unusable(path, "it is not there");
  try {
    const value = JSON.parse(text, decode) as Accepted | null;
    if (value?.version === 1 && value.roles instanceof Map) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw unusable(path, "it is damaged or of another version");
}

/** No name in a configuration begins with `$`. Buffer has a toJSON that runs before us, hence `this`. */
function encode(this: unknown, key: string, value: unknown): unknown {
  const raw = (this as Readonly<Record<string, unknown>>)[key];
  if (raw instanceof Uint8Array) return { $bytes: Buffer.from(raw).toString("base64") };
  if (value instanceof Map) return { $map: [...value] };
  return value instanceof Set ? { $set: [...value] } : value;
}

function decode(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { $bytes, $map, $set } = value as Readonly<Record<string, unknown>>;
  if (typeof $bytes === "string") return Buffer.from($bytes, "base64");
  if (Array.isArray($map)) return new Map($map as [unknown, unknown][]);
  return Array.isArray($set) ? new Set($set) : value;
}
