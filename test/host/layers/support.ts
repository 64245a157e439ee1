/** Archives as an installer makes them. */
import type { ReadArchive } from "../../../src/host/layers/archive.ts";
import { header } from "../../../src/installer/pack.ts";
import { lockEntry } from "../../../src/system/layers/order.ts";

const block = 512;

export function padded(path: string, text: string): Buffer {
  const body = Buffer.from(text);
  const rest = Buffer.alloc((block - (body.length % block)) % block);
  return Buffer.concat([header(path, body.length), body, rest]);
}

const lock = { version: 1, text: "the lock\n", integrity: "sha512-x", packages: ["a==1"] };

export const lockEntryOf = (text = JSON.stringify(lock)): Buffer => padded(lockEntry, text);

export const archiveOf = (files: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat([
    lockEntryOf(),
    ...Object.entries(files).map(([path, text]) => padded(path, text)),
    Buffer.alloc(2 * block),
  ]);

export function readerOf(bytes: Buffer): ReadArchive {
  let at = 0;
  return (count) => {
    const piece = bytes.subarray(at, at + count);
    at += piece.length;
    return piece;
  };
}
