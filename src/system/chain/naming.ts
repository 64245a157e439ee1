/** Lines of a chain that name certain things. Reads every line once, and keeps only what was found. */
import type { Disk } from "../disk.ts";
import { withFile } from "./files.ts";
import { type Link, readLink } from "./line.ts";
import { linesOf } from "./verify.ts";

/** In the order of the chain; those beyond `most` are left out. Never: a line that is not of a chain. */
export function recordsNaming(
  disk: Disk,
  files: readonly string[],
  words: readonly string[],
  most: number,
): Link[] {
  const found: Link[] = [];
  for (const file of files)
    withFile(disk, file, (fd) => {
      for (const { bytes, terminated } of linesOf(disk, fd)) {
        if (found.length >= most) return;
        if (!terminated || !words.some((word) => bytes.includes(word))) continue;
        const link = readLink(bytes);
        if (link !== null) found.push(link);
      }
    });
  return found;
}
