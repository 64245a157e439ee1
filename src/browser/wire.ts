/**
 * What goes through the browser's sockets and pipes: one request as a line of JSON, then frames back. Pure.
 *
 * A frame is a letter, four bytes of length (big-endian), and so many bytes. `+` comes first and says that the
 * request was taken; `B` are parts of a file, `M` of Markdown, `S` of a screenshot; `R` is the answer as JSON and
 * comes last. What ends without `R` was cut off.
 */

export type WebRequest =
  | {
      readonly verb: "fetch";
      readonly url: string;
      readonly mode: "auto" | "raw" | "rendered";
      /** The whole page, not only what reads like an article. */
      readonly whole: boolean;
      readonly screenshot: boolean;
      readonly maxBytes: number;
    }
  | { readonly verb: "search"; readonly query: string; readonly count: number };

export interface SearchHit {
  readonly title: string;
  readonly url: string;
  readonly snippet: string;
}

export type WebAnswer =
  | {
      readonly kind: "page";
      readonly url: string;
      readonly status: number;
      readonly title: string;
      readonly how: "rendered" | "static";
      readonly notes: readonly string[];
    }
  | {
      readonly kind: "file";
      readonly url: string;
      readonly status: number;
      /** Media type, lower case, without parameters. */
      readonly type: string;
      readonly charset: string | null;
      /** As the server calls it; not safe as a file name. */
      readonly name: string | null;
      readonly notes: readonly string[];
    }
  | { readonly kind: "results"; readonly engine: string; readonly hits: readonly SearchHit[] }
  /** `denied`: a grant is missing. `refused`: a rule of the web. `failed`: the site, the network, the browser. */
  | { readonly kind: "none"; readonly code: "denied" | "refused" | "failed"; readonly why: string };

/** An answer that says why there is no other. */
export const none = (code: "denied" | "refused" | "failed", why: string): WebAnswer => ({
  kind: "none",
  code,
  why,
});

export type FrameKind = "+" | "B" | "M" | "S" | "R";

export interface Frame {
  readonly kind: FrameKind;
  readonly bytes: Buffer;
}

export const maxRequestBytes = 16 * 1024;
const maxFrameBytes = 1024 * 1024;
const headBytes = 5;
const kinds = "+BMSR";

export function encodeFrame(kind: FrameKind, bytes: Uint8Array): Buffer {
  if (bytes.length > maxFrameBytes) throw new RangeError("frame");
  const head = Buffer.alloc(headBytes);
  head.write(kind, 0, "latin1");
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Of any length, in as many frames as it takes. */
export function* framesOf(kind: FrameKind, bytes: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += maxFrameBytes)
    yield encodeFrame(kind, bytes.subarray(at, at + maxFrameBytes));
}

export const answerFrame = (answer: WebAnswer): Buffer =>
  encodeFrame("R", Buffer.from(JSON.stringify(answer)));

/** Takes chunks in order; throws RangeError for what is no frame. */
export function createDecoder(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      if (rest.length < headBytes) return frames;
      const kind = String.fromCharCode(rest[0] ?? 0);
      const length = rest.readUInt32BE(1);
      if (!kinds.includes(kind) || length > maxFrameBytes) throw new RangeError("no frame");
      if (rest.length < headBytes + length) return frames;
      frames.push({
        kind: kind as FrameKind,
        bytes: Buffer.from(rest.subarray(headBytes, headBytes + length)),
      });
      rest = rest.subarray(headBytes + length);
    }
  };
}

const str = (value: unknown, most: number): value is string =>
  typeof value === "string" && value.length <= most;

/** Null for what is no request. */
export function parseRequest(line: string): WebRequest | null {
  const value = jsonOf(line);
  if (value === null) return null;
  const { verb, url, mode, whole, screenshot, maxBytes, query, count } = value;
  if (verb === "search")
    return str(query, 1000) && isCount(count, 50) ? { verb, query, count } : null;
  if (verb !== "fetch" || !str(url, 10_000)) return null;
  if (mode !== "auto" && mode !== "raw" && mode !== "rendered") return null;
  if (typeof whole !== "boolean" || typeof screenshot !== "boolean") return null;
  if (!isCount(maxBytes, maxFileBytes)) return null;
  return { verb, url, mode, whole, screenshot, maxBytes };
}

/** Of one download. */
const maxFileBytes = 200 * 1024 * 1024;

const isCount = (value: unknown, most: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most;

export function jsonOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}
