/** The latest lines of a chain, for people. Reads only the ends of its files, and verifies no order. */
import type { Disk } from "../disk.ts";
import { linesBackwards } from "./backwards.ts";
import { withFile } from "./files.ts";
import { type Link, readLink } from "./line.ts";

const maxBytes = 16 * 1024 * 1024;

/** Up to `count` that are `wanted`, the oldest first; null for what is no line of a chain. */
export function lastRecords(
  disk: Disk,
  files: readonly string[],
  count: number,
  wanted: (link: Link | null) => boolean = () => true,
): (Link | null)[] {
  const found: (Link | null)[] = [];
  for (const file of files.toReversed()) {
    withFile(disk, file, (fd) => {
      for (const { bytes } of linesBackwards(disk, fd, maxBytes)) {
        if (found.length >= count) break;
        const link = readLink(bytes);
        if (wanted(link)) found.push(link);
      }
    });
    if (found.length >= count) break;
  }
  return found.reverse();
}
