/** Reads a whole file of modest size, for tools that change it. */
import fs from "node:fs";
import { readWithin } from "./open.ts";
import { Denied, type Reach } from "./reach.ts";

/** Beyond this, a file is not edited in memory. */
const maxBytes = 16 * 1024 * 1024;

/** Bytes of the regular file at `path`; null where there is none. */
export function readAll(reach: Reach, path: string): Buffer | null {
  try {
    return readWithin(reach, path, (fd, { size }) => {
      if (size > maxBytes)
        throw new Denied(`${path} has ${size} bytes, too many for this tool: use shell`);
      return fs.readFileSync(fd);
    });
  } catch (error) {
    const cause = error instanceof Denied ? (error.cause as NodeJS.ErrnoException) : undefined;
    if (cause?.code === "ENOENT") return null;
    throw error;
  }
}
