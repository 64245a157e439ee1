/** A file on its way to who asked for it: part by part, and never more than it may be. */
import type { Readable } from "node:stream";
import { NoWay } from "./dial.ts";
import type { Got } from "./get.ts";
import { type FrameKind, none, type WebAnswer } from "./wire.ts";

/** Sends a part; resolves when more may come. */
export type Send = (kind: FrameKind, bytes: Uint8Array) => Promise<void>;

interface Sending {
  readonly send: Send;
}

interface Limits {
  readonly maxBytes: number;
}

export async function sendFile(
  { send }: Sending,
  { maxBytes }: Limits,
  got: Got,
): Promise<WebAnswer> {
  const tooBig = none("failed", `${got.url.host}: the file is bigger than max_bytes, ${maxBytes}`);
  if (got.length !== null && got.length > maxBytes) return tooBig;
  let size = 0;
  try {
    for await (const part of got.body as Readable & AsyncIterable<Buffer>) {
      size += part.length;
      if (size > maxBytes) return tooBig;
      await send("B", part);
    }
  } catch (error) {
    const why = error instanceof NoWay ? error.message : `${got.url.host}: the connection broke`;
    return none("failed", `${why}, after ${size} bytes`);
  }
  if (got.length !== null && size < got.length)
    return none(
      "failed",
      `${got.url.host}: the connection ended after ${size} of ${got.length} bytes`,
    );
  return fileAnswer(got);
}

/** One that was read already. */
export async function sendWhole(
  { send }: Sending,
  { maxBytes }: Limits,
  got: Got,
  bytes: Buffer,
): Promise<WebAnswer> {
  if (bytes.length > maxBytes)
    return none("failed", `the file is bigger than max_bytes, ${maxBytes}`);
  await send("B", bytes);
  const { notes, ...rest } = fileAnswer(got);
  return { ...rest, notes: [...notes, "it says it is a page, but is a file"] };
}

const fileAnswer = (got: Got): Extract<WebAnswer, { kind: "file" }> => ({
  kind: "file",
  url: got.url.href,
  status: got.status,
  type: got.type,
  charset: got.charset,
  name: got.name,
  notes: [],
});
