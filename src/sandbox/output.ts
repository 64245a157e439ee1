/**
 * Output of a program: made safe to show, cut to a length, and kept whole in a file when long.
 *
 * Never: holds more than a head and a tail in memory, or writes more than `maxBytes` to the file.
 * The file is opened only once the output is longer than the head, so short calls leave none.
 */
import { reasonOf } from "../system/errors.ts";

/** Where long output goes; opened by the caller, who knows which paths are allowed. */
export interface Sink {
  readonly path: string;
  readonly write: (bytes: Uint8Array) => void;
  readonly close: () => void;
}

export interface Collected {
  readonly head: Buffer;
  /** Last bytes of what did not fit into the head; empty when everything fitted. */
  readonly tail: Buffer;
  readonly totalBytes: number;
  /** Bytes in the file; 0 when there is none. */
  readonly keptBytes: number;
  readonly path: string | null;
  /** Why the file could not be opened or written, or null. */
  readonly trouble: string | null;
}

export interface Collector {
  readonly add: (chunk: Buffer) => void;
  readonly end: () => Collected;
}

export interface CollectorOptions {
  readonly headBytes: number;
  readonly tailBytes: number;
  readonly maxBytes: number;
  readonly open: () => Sink;
}

/** Takes chunks in order of arrival. A failing file costs the file, never the call. */
export function createCollector(options: CollectorOptions): Collector {
  let head: Buffer = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  let totalBytes = 0;
  let keptBytes = 0;
  let sink: Sink | null = null;
  let trouble: string | null = null;

  function keep(bytes: Buffer): void {
    if (trouble !== null) return;
    const part = bytes.subarray(0, Math.max(0, options.maxBytes - keptBytes));
    if (part.length === 0) return;
    try {
      sink ??= options.open();
      sink.write(part);
      keptBytes += part.length;
    } catch (error) {
      trouble = reasonOf(error);
    }
  }

  return {
    add(chunk) {
      totalBytes += chunk.length;
      const room = options.headBytes - head.length;
      const overflow = chunk.subarray(Math.max(0, room));
      const before = head;
      if (room > 0) head = Buffer.concat([head, chunk.subarray(0, room)]);
      if (overflow.length === 0) return;
      if (tail.length === 0) keep(room > 0 ? head : before);
      keep(overflow);
      tail = Buffer.concat([tail, overflow.subarray(-options.tailBytes)]).subarray(
        -options.tailBytes,
      );
    },
    end() {
      sink?.close();
      return { head, tail, totalBytes, keptBytes, path: sink?.path ?? null, trouble };
    },
  };
}

const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Text without control characters: bytes that are not UTF-8 become U+FFFD, escapes are shown. */
export function safeText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: false })
    .decode(bytes)
    .replaceAll("\r\n", "\n")
    .replace(unsafe, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** True for what nobody wants to read as text: a NUL byte in it, as grep(1) decides. */
export const looksBinary = (bytes: Uint8Array): boolean => bytes.subarray(0, 8192).includes(0);

/** Keeps the first two thirds and the last third of `limit` characters, with `note` in between. */
export function cutMiddle(text: string, limit: number, note: string): string {
  if (text.length <= limit) return text;
  const head = text.slice(0, Math.floor((limit * 2) / 3));
  const tail = text.slice(text.length - Math.floor(limit / 3));
  return `${head.toWellFormed()}\n[… ${note} …]\n${tail.toWellFormed()}`;
}
