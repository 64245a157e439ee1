/**
 * Files as parts of a question: by what is in them, and within the same rules as read_file.
 *
 * Never: throws for what a path names. What cannot be read becomes a note that says why, beside the others.
 */
import fs from "node:fs";
import { looksBinary, safeText } from "../../sandbox/output.ts";
import { errnoOf } from "../../system/disk.ts";
import { reasonOf } from "../../system/errors.ts";
import { refusal } from "../answer.ts";
import { readWithin } from "../files/open.ts";
import { absolute, Denied, readable } from "../files/reach.ts";
import { isStrangers, mayBeStrangers } from "../files/strangers.ts";
import type { ToolContext } from "../tool.ts";
import { pdfText } from "./pdf.ts";
import type { Source } from "./source.ts";

/** Providers take no more of one image, encoded. */
const maxImageBytes = 3_500_000;

/** `mostBytes` of a text are read; of a longer one head and tail. */
export async function sourceOf(
  context: ToolContext,
  asked: string,
  mostBytes: number,
): Promise<Source> {
  const found = look(context, asked, mostBytes);
  if (found.kind !== "pdf") return found;
  const source = await pdfText(context, found.path, mostBytes);
  return found.untrusted === true ? { ...source, untrusted: true } : source;
}

type Looked = Source | { readonly kind: "pdf"; readonly path: string; readonly untrusted?: true };

function look(context: ToolContext, asked: string, mostBytes: number): Looked {
  const { files } = context;
  try {
    const path = absolute(files.workspace, asked);
    return readWithin(readable(files), path, (fd, { size }) => {
      const found = read(fd, { path, size, mostBytes });
      // A program opens a PDF once more, by its path.
      const isStrange =
        isStrangers(files, fd) ||
        (found.kind === "pdf" && mayBeStrangers(files, readable(files), path));
      return isStrange ? { ...found, untrusted: true } : found;
    });
  } catch (error) {
    if (error instanceof Denied)
      return { kind: "note", path: asked, about: refusal(context, error).text };
    if (errnoOf(error) === null) throw error;
    return { kind: "note", path: asked, about: `it cannot be read: ${reasonOf(error)}` };
  }
}

interface Opened {
  readonly path: string;
  readonly size: number;
  readonly mostBytes: number;
}

const headBytes = 8192;

function read(fd: number, { path, size, mostBytes }: Opened): Looked {
  const head = bytesAt(fd, 0, Math.min(headBytes, Math.max(size, 1)));
  if (head.length === 0) return { kind: "text", path, text: "(the file is empty)", about: "empty" };
  if (head.includes("%PDF-")) return { kind: "pdf", path };
  const image = imageType(head);
  if (image !== null) {
    if (size > maxImageBytes)
      return note(path, `an image of ${size} bytes; at most ${maxImageBytes} can be looked at`);
    const data = bytesAt(fd, 0, size).toString("base64");
    const about = `${image}, ${size} bytes`;
    return { kind: "image", path, url: `data:${image};base64,${data}`, about };
  }
  if (looksBinary(head)) return note(path, `binary, ${size} bytes: use shell with file or strings`);
  if (size <= mostBytes)
    return { kind: "text", path, text: safeText(bytesAt(fd, 0, size)), about: `${size} bytes` };
  const first = Math.floor(mostBytes * 0.6);
  const last = mostBytes - first;
  const missing = size - mostBytes;
  const parts = [bytesAt(fd, 0, first), bytesAt(fd, size - last, last)].map(safeText);
  return {
    kind: "text",
    path,
    text: parts.join(`\n[… ${missing} bytes in the middle were not read …]\n`),
    about: `${size} bytes, of which ${missing} in the middle were not read`,
  };
}

const note = (path: string, about: string): Source => ({ kind: "note", path, about });

/** Fewer where the file ends. */
function bytesAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let at = 0;
  while (at < length) {
    const count = fs.readSync(fd, bytes, at, length - at, position + at);
    if (count === 0) break;
    at += count;
  }
  return bytes.subarray(0, at);
}

/** By what it begins with, and not by its name. Source: the formats' specifications. */
function imageType(head: Buffer): string | null {
  const begins = (text: string, at = 0): boolean =>
    head.subarray(at, at + text.length).equals(Buffer.from(text, "latin1"));
  if (begins("\x89PNG\r\n\x1a\n")) return "image/png";
  if (begins("\xff\xd8\xff")) return "image/jpeg";
  if (begins("GIF87a") || begins("GIF89a")) return "image/gif";
  return begins("RIFF") && begins("WEBP", 8) ? "image/webp" : null;
}
