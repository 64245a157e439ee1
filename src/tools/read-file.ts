/** Reads part of a text file. Never: reads more than one reply's worth into memory, or a device. */
import fs from "node:fs";
import { looksBinary, safeText } from "../sandbox/output.ts";
import { answering, done, numberOr, refused, text } from "./answer.ts";
import { readWithin } from "./files/open.ts";
import { absolute, readable } from "./files/reach.ts";
import { asStrangers, isStrangers } from "./files/strangers.ts";
import type { ToolResult } from "./result.ts";
import type { Tool } from "./tool.ts";

const defaultLines = 400;
const maxChars = 20_000;
const chunkBytes = 64 * 1024;
/** Bytes that are looked through for the wanted lines: beyond it, use shell with sed or grep. */
const maxScan = 64 * 1024 * 1024;

export const readFile: Tool = {
  name: "read_file",
  description:
    "Reads a text file and returns its lines. For a long file use offset and limit to read it in " +
    "parts. Reads the workspace, your skills and the folders granted to you.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", minLength: 1, description: "Absolute, or relative to the workspace" },
      offset: {
        type: "integer",
        minimum: 1,
        description: "First line, counted from 1 (default 1)",
      },
      limit: {
        type: "integer",
        minimum: 1,
        maximum: 5000,
        description: `Number of lines (default ${defaultLines})`,
      },
    },
    required: ["path"],
    additionalProperties: false,
  },
  parallel: true,
  run: async (args, context) =>
    answering(context, () => {
      const { files } = context;
      const path = absolute(files.workspace, text(args, "path"));
      const first = numberOr(args, "offset", 1);
      const count = numberOr(args, "limit", defaultLines);
      return readWithin(readable(files), path, (fd, { size }) => {
        const result = present(path, size, readLines(fd, first, count));
        return asStrangers(result, result.ok && isStrangers(files, fd));
      });
    }),
};

interface Lines {
  readonly first: number;
  readonly bytes: Buffer;
  /** Number of the line after the last one that is in `bytes`. */
  readonly next: number;
  readonly ended: boolean;
  readonly binary: boolean;
}

/** Reads forward to line `first` and on for `count` lines or `maxChars` bytes. */
function readLines(fd: number, first: number, count: number): Lines {
  const chunk = Buffer.alloc(chunkBytes);
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let line = 1;
  for (let scanned = 0; scanned < maxScan; ) {
    const length = fs.readSync(fd, chunk, 0, chunkBytes, null);
    const part = chunk.subarray(0, length);
    if (scanned === 0 && looksBinary(part)) return result(true, true);
    if (length === 0) return result(true, false);
    scanned += length;
    for (let at = 0; at < length; ) {
      const newline = part.indexOf(10, at);
      const end = newline < 0 ? length : newline + 1;
      if (line >= first) {
        const piece = Buffer.from(part.subarray(at, Math.min(end, at + maxChars - keptBytes)));
        kept.push(piece);
        keptBytes += piece.length;
      }
      if (newline >= 0) line += 1;
      if (line >= first + count || keptBytes >= maxChars) return result(false, false);
      at = end;
    }
  }
  return result(false, false);

  function result(ended: boolean, binary: boolean): Lines {
    return { first, bytes: Buffer.concat(kept), next: line, ended, binary };
  }
}

function present(path: string, size: number, lines: Lines): ToolResult {
  if (lines.binary) {
    return refused(`${path} is binary (${size} bytes): use shell with file, xxd or strings`);
  }
  const body = safeText(lines.bytes);
  if (lines.ended && body === "") {
    return size === 0
      ? done("(the file is empty)")
      : refused(`${path} has no line ${lines.first}: it has ${lines.next} lines or fewer`);
  }
  if (lines.ended) return done(body);
  const end = body.endsWith("\n") ? "" : "\n";
  return done(
    `${body}${end}[${size} bytes in all; go on with offset ${lines.next}${longLine(lines)}]`,
  );
}

/** A single line that is longer than a reply cannot be read by lines. */
const longLine = (lines: Lines): string =>
  lines.next === lines.first ? ", or for so long a line use shell with cut -c" : "";
