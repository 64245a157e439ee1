/**
 * Reads what callers send, within bounds that no single uid can use up for the others.
 *
 * Never: keeps more than the limits below in memory, or hands on what is no request. Bytes count from
 * their arrival until the call is over, because that is how long they are held.
 */
import type { IncomingMessage } from "node:http";
import { isDeeperThan, isObject } from "../system/json.ts";
import { type Problem, problem } from "./problem.ts";
import type { Body } from "./upstream.ts";

export const bodyLimits = {
  bytes: 32 << 20,
  bytesPerUid: 64 << 20,
  bytesInAll: 192 << 20,
  /** A list of empty lists takes 13 times its size as text; 2 Mi values are about 100 MiB. */
  values: 2 << 20,
  depth: 100,
} as const;

export type BodyLimits = { readonly [Name in keyof typeof bodyLimits]: number };

export type Taken =
  | { readonly ok: true; readonly body: Body; readonly bytes: number }
  | { readonly ok: false; readonly problem: Problem };

/** Room that one call holds. */
export interface Room {
  /** False when there is no more; what was asked for then is not held. */
  readonly ask: (bytes: number) => boolean;
  readonly release: () => void;
}

/** Counts what all calls hold; one per server. */
export function createRooms(limits: BodyLimits): (uid: number) => Room {
  const held = new Map<number, number>();
  let all = 0;
  return (uid) => {
    let own = 0;
    const add = (bytes: number): void => {
      const left = (held.get(uid) ?? 0) + bytes;
      if (left === 0) held.delete(uid);
      else held.set(uid, left);
      all += bytes;
      own += bytes;
    };
    return {
      ask: (bytes) => {
        const ofUid = (held.get(uid) ?? 0) + bytes;
        if (ofUid > limits.bytesPerUid || all + bytes > limits.bytesInAll) return false;
        add(bytes);
        return true;
      },
      release: () => add(-own),
    };
  };
}

export async function readBody(
  request: IncomingMessage,
  room: Room,
  limits: BodyLimits = bodyLimits,
): Promise<Taken> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > limits.bytes) return no(413, `the request is larger than ${limits.bytes} bytes`);
    if (!room.ask(part.length)) return no(429, "too much is being asked at once", 5);
    parts.push(part);
  }
  return parseBody(Buffer.concat(parts), limits);
}

export function parseBody(bytes: Buffer, limits: BodyLimits = bodyLimits): Taken {
  if (hasMoreValuesThan(bytes, limits.values)) return no(413, "the request has too many values");
  const value = jsonOf(bytes);
  if (value === undefined) return no(400, "the request is not JSON");
  if (isDeeperThan(value, limits.depth)) return no(400, "the request is nested too deeply");
  if (isObject(value)) {
    const { model, messages, input } = value;
    const shaped = typeof model === "string" && (Array.isArray(messages) || input !== undefined);
    if (shaped) return { ok: true, body: value as Body, bytes: bytes.length };
  }
  return no(400, "the request needs `model`, and `messages` (a list) or `input`");
}

/** A request of a few fields; null when it is too much. */
export async function readSmall(request: IncomingMessage, most: number): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > most) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Undefined is no JSON value, so it can stand for the lack of one. */
export function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const comma = 0x2c;
const bracket = 0x5b;
const brace = 0x7b;

/** Counts what begins or separates values, inside of strings too: an upper bound, found before parsing. */
function hasMoreValuesThan(bytes: Buffer, most: number): boolean {
  if (bytes.length <= most) return false;
  let count = 0;
  for (const byte of bytes) if (byte === comma || byte === bracket || byte === brace) count += 1;
  return count > most;
}

const no = (status: number, message: string, wait: number | null = null): Taken => ({
  ok: false,
  problem: problem(status, message, wait),
});
