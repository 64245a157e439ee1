/** What a person wants to send: words or standard input, and files that belong to it. */
import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { errnoOf } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { maxTaskBytes } from "../../task/codec.ts";
import { isDenied } from "./access.ts";
import type { Io } from "./io.ts";

/** The words joined by spaces, or all of standard input for a lone `-`. */
export async function readMessage(io: Io, words: readonly string[]): Promise<string> {
  return words.length === 1 && words[0] === "-" ? await readInput(io) : words.join(" ");
}

async function readInput(io: Io): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of io.input()) {
    size += part.length;
    if (size > maxTaskBytes) {
      const why = `there are more than ${maxTaskBytes} bytes`;
      const remedy = "put it into a file and name it with --attach";
      throw new ConError(exit.badInput, "standard input", why, remedy);
    }
    parts.push(part);
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return text.decode(Buffer.concat(parts)).replace(/\r?\n$/, "");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const remedy = "send text, and other files with --attach";
    throw new ConError(exit.badInput, "standard input", "it is not UTF-8 text", remedy);
  }
}

/** Absolute paths of files that are there. Whether the agent may read them is the agent's grant. */
export function attachmentPaths(io: Io, files: readonly string[]): string[] {
  return files.map((file) => {
    const path = resolve(io.cwd, file);
    try {
      accessSync(path, constants.R_OK);
      return path;
    } catch (error) {
      const code = isDenied(error) ? exit.permission : exit.badInput;
      const why = `it cannot be read (${errnoOf(error)})`;
      throw new ConError(code, `attachment ${file}`, why, "name a file that you may read");
    }
  });
}
