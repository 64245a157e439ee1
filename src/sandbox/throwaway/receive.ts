/** Puts a request together from what comes over the socket, within the bounds. Pure. */
import { bounds } from "./bounds.ts";
import { createFrameReader, FrameError, type FrameKind } from "./frame.ts";
import { type Header, parseHeader } from "./request.ts";
import type { Input } from "./unpack.ts";

/** Calls `done` once, with the request or with why it is none; all that comes after that is passed over. */
export function createReceiver(done: (asked: Input | string) => void): (chunk: Buffer) => void {
  let header: Header | null = null;
  const blobs: Buffer[] = [];
  let room: number = bounds.inputBytes;
  let isOver = false;
  const end = (asked: Input | string): void => {
    if (isOver) return;
    isOver = true;
    done(asked);
  };
  const take = (kind: FrameKind, bytes: Buffer): void => {
    if (isOver) return;
    if (kind === "h") {
      const parsed = parseHeader(bytes);
      if (parsed.ok) header = parsed.header;
      else end(parsed.why);
      return;
    }
    room -= bytes.length;
    blobs.push(bytes);
    const [code, stdin, ...files] = blobs;
    if (header === null || code === undefined || stdin === undefined) return;
    if (files.length === header.files.length) end({ header, code, stdin, files });
  };
  const most = (kind: FrameKind): number | null => {
    if (kind === "h") return header === null ? bounds.headerBytes : null;
    if (kind !== "b" || header === null) return null;
    return blobs.length === 0 ? bounds.codeBytes : room;
  };
  const reader = createFrameReader(most, take);
  return (chunk) => {
    if (isOver) return;
    try {
      reader.add(chunk);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      end(`the request cannot be read: ${error.message}`);
    }
  };
}
