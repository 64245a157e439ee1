/**
 * Reads what a program asks, within bounds. Never: parses what would take many times its size in memory, or hands on what
 * is nested so deeply that putting it into another format would not end well.
 */
import type http from "node:http";
import { isDeeperThan, isObject, type JsonObject } from "../../system/json.ts";
import type { Failure } from "./doors.ts";

const maxBytes = 32 << 20;
const maxBytesInAll = 64 << 20;
/** An empty list takes many times its size as text. The gateway knows the same bounds. */
const maxValues = 2 << 20;
const maxDepth = 100;

/** What one request holds of the room that all have. */
export interface Held {
  bytes: number;
}

export type Read = { readonly body: JsonObject } | { readonly failure: Failure };

export async function readBody(
  room: Held,
  held: Held,
  request: http.IncomingMessage,
): Promise<Read> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) {
    held.bytes += part.length;
    room.bytes += part.length;
    if (held.bytes > maxBytes || room.bytes > maxBytesInAll)
      return no(413, "the request is too large");
    parts.push(part);
  }
  return parse(Buffer.concat(parts));
}

const no = (status: number, message: string): Read => ({ failure: { status, message } });

function parse(bytes: Buffer): Read {
  if (valuesIn(bytes) > maxValues) return no(413, "the request has too many values");
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (isDeeperThan(value, maxDepth)) return no(400, "the request is nested too deeply");
    if (isObject(value)) return { body: value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return no(400, "the request is no JSON object");
}

const [comma, bracket, brace] = [0x2c, 0x5b, 0x7b];

/** No fewer than there are: what begins or separates values counts inside of strings too. */
function valuesIn(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === comma || byte === bracket || byte === brace) count += 1;
  return count;
}
