/** The body of an answer: unpacked as it comes, and read as far as it may go. Never: holds more than it was told to. */
import type http from "node:http";
import type { Readable } from "node:stream";
import zlib from "node:zlib";
import { NoWay } from "./dial.ts";
import { troubleWords } from "./trouble.ts";

/** An error of it is a NoWay, but for one of an answer that was not packed. */
export function decoded(url: URL, response: http.IncomingMessage, signal: AbortSignal): Readable {
  const coding = (response.headers["content-encoding"] ?? "").trim().toLowerCase();
  const unpack = unpackers[coding];
  const end = (error: Error): void => {
    body.destroy(new NoWay("failed", `${url.host}: ${troubleWords(error)}`));
  };
  const body: Readable = unpack === undefined ? response : response.pipe(unpack());
  if (body !== response) {
    response.once("error", end);
    body.once("close", () => response.destroy());
  }
  signal.addEventListener(
    "abort",
    () => body.destroy(new NoWay("failed", `${url.host}: it took too long`)),
    {
      once: true,
    },
  );
  return body;
}

const unpackers: Readonly<
  Record<string, () => zlib.Gunzip | zlib.BrotliDecompress | zlib.Inflate>
> = {
  gzip: () => zlib.createGunzip(),
  "x-gzip": () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
};

/** The rest of a body, at most `most` bytes of it; `whole` says whether that was all. */
export async function readBody(
  body: Readable,
  most: number,
): Promise<{ readonly bytes: Buffer; readonly whole: boolean; readonly why: string | null }> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      parts.push(part.subarray(0, most - size));
      size += part.length;
      if (size > most)
        return { bytes: Buffer.concat(parts), whole: false, why: `more than ${most} bytes` };
    }
    return { bytes: Buffer.concat(parts), whole: true, why: null };
  } catch (error) {
    return { bytes: Buffer.concat(parts), whole: false, why: troubleWords(error) };
  } finally {
    body.destroy();
  }
}
