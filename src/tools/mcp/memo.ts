/**
 * What is remembered of a server between runs: its tools, so that an agent that does not call them starts nothing, and a
 * digest of each as it was told first, so that one that says something else later is noticed.
 *
 * After a crash: the old file or the new one. A damaged file is an empty one: then every tool is new. It lies in the
 * agent's state, out of reach of its sandbox.
 */
import type { Disk } from "../../system/disk.ts";
import { readFile, replaceDurably } from "../../system/durable.ts";
import { jsonOrNull } from "../../system/json.ts";
import { isMap } from "./read.ts";
import type { ServerTool } from "./types.ts";

export interface Memo {
  readonly version: 1;
  /** Of how the server is configured: another server is not known by the same name. */
  readonly server: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly tools: readonly ServerTool[];
  /** Digests by name. */
  readonly pins: Readonly<Record<string, string>>;
}

const maxBytes = 8 << 20;

const noMemo = (server: string): Memo => ({
  version: 1,
  server,
  at: Number.NEGATIVE_INFINITY,
  tools: [],
  pins: {},
});

export function readMemo(disk: Disk, path: string, server: string): Memo {
  const bytes = readFile(disk, path, maxBytes);
  const found = bytes === null ? null : parsed(Buffer.from(bytes).toString("utf8"));
  return found !== null && found.server === server ? found : noMemo(server);
}

function parsed(text: string): Memo | null {
  const value = jsonOrNull(text);
  const isOurs = isMap(value) && value["version"] === 1 && typeof value["server"] === "string";
  return isOurs && Array.isArray(value["tools"]) && isMap(value["pins"])
    ? (value as unknown as Memo)
    : null;
}

/** What is too large is not kept, and asked for again. */
export function writeMemo(disk: Disk, path: string, memo: Memo): void {
  const bytes = Buffer.from(JSON.stringify(memo));
  if (bytes.length <= maxBytes) replaceDurably(disk, path, bytes, 0o600);
}

/** Digests are kept of tools that are gone, or going and coming would hide a change. */
const mostPins = 2_000;

/**
 * With digests of what is new; a tool that has changed keeps the one that it had. A new one for whose digest there is no
 * room is not taken: a server that says new names for ever ends up with those it had.
 */
export function remembered(memo: Memo, tools: readonly ServerTool[], at: number): Memo {
  let room = mostPins - Object.keys(memo.pins).length;
  const taken = tools.filter(({ name }) => {
    if (pinOf(memo, name) !== null) return true;
    room -= 1;
    return room >= 0;
  });
  const pins = taken.map(({ name, digest }) => [name, pinOf(memo, name) ?? digest] as const);
  return { ...memo, at, tools: taken, pins: { ...memo.pins, ...Object.fromEntries(pins) } };
}

export const pinOf = ({ pins }: Memo, name: string): string | null =>
  Object.hasOwn(pins, name) ? (pins[name] ?? null) : null;

/** It has been said: from now on this is how it is. */
export const repinned = (memo: Memo, { name, digest }: ServerTool): Memo => ({
  ...memo,
  pins: { ...memo.pins, [name]: digest },
});
