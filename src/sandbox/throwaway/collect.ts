/**
 * Takes declared outputs out of the working directory once everything that ran there is gone: nothing changes any more
 * between a look and a read. Never: follows a link, opens what is no regular file, reads more than was agreed.
 */
import fs, { constants } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "../../system/disk.ts";
import { bounds } from "./bounds.ts";
import type { Missing } from "./reply.ts";

export interface Output {
  readonly path: string;
  readonly bytes: Buffer;
}

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

export function collect(
  directory: string,
  paths: readonly string[],
): { readonly files: Output[]; readonly missing: Missing[] } {
  const files: Output[] = [];
  const missing: Missing[] = [];
  let room: number = bounds.outputBytes;
  for (const path of new Set(paths)) {
    const found = readOutput(directory, path, room);
    if (typeof found === "string") missing.push({ path, why: found });
    else {
      files.push({ path, bytes: found });
      room -= found.length;
    }
  }
  return { files, missing };
}

/** The bytes, or why there are none. */
function readOutput(directory: string, path: string, room: number): Buffer | string {
  const whole = join(directory, path);
  try {
    if (fs.realpathSync.native(dirname(whole)) !== dirname(whole)) return "it lies behind a link";
    const fd = fs.openSync(whole, flags);
    try {
      const stat = fs.fstatSync(fd);
      if (!stat.isFile()) return "it is no regular file";
      if (stat.size > room) return `all outputs together may have ${bounds.outputBytes} bytes`;
      return fs.readFileSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    const why = fates[errnoOf(error) ?? ""];
    if (why === undefined) throw error;
    return why;
  }
}

const none = "the code made no such file";
const fates: Readonly<Record<string, string>> = {
  ENOENT: none,
  ENOTDIR: none,
  ELOOP: "it is a link",
  ENAMETOOLONG: "it lies behind a link",
  EACCES: "the code took away the right to read it",
  ENXIO: "it is no regular file",
};
