/** Looks at a directory that is to be moved away whole. Never: follows a link; looks at more than `mostEntries`. */
import fs from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../system/disk.ts";
import { Denied } from "./reach.ts";

const mostEntries = 20_000;
const ownRights = 0o700;

/**
 * Bytes of all files in it. Refuses a tree that could not be removed later: one with directories of others, or closed
 * ones. `path` is its name for people.
 */
export function measureTree(top: string, path: string): number {
  const waiting = [top];
  const own = process.geteuid?.();
  let bytes = 0;
  let entries = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { uid, mode } = fs.lstatSync(next);
    if (uid !== own || (mode & ownRights) !== ownRights)
      throw new Denied(`${path} has a directory in it that is closed or another's: use shell`);
    for (const entry of namesIn(next, path)) {
      entries += 1;
      if (entries > mostEntries)
        throw new Denied(`${path} has more than ${mostEntries} entries: use shell`);
      const at = join(next, entry.name);
      if (entry.isDirectory()) waiting.push(at);
      else bytes += fs.lstatSync(at).size;
    }
  }
  return bytes;
}

function namesIn(directory: string, path: string): fs.Dirent[] {
  try {
    return fs.readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    throw new Denied(`${path} cannot be looked at: use shell`, { cause: error });
  }
}
