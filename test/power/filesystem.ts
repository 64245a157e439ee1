/** The file system as a power cut left it, checked on a copy, so that the next boot replays the journal itself. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

/** Null if it is whole, else what e2fsck says. */
export function troubleOf(disk: string, copy: string): string | null {
  try {
    must(["cp", "--sparse=always", "--reflink=auto", disk, copy], [0]);
    // Without -f: the journal is replayed and orphans are let go, as by a mount. 1: that was done.
    const replay = must(["e2fsck", "-p", copy], [0, 1]);
    return replay ?? must(["e2fsck", "-fn", copy], [0]);
  } finally {
    rmSync(copy, { force: true });
  }
}

function must(argv: readonly string[], good: readonly number[]): string | null {
  const [command = "", ...rest] = argv;
  const { status, signal, stdout, stderr, error } = spawnSync(command, rest, { encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== null && good.includes(status)) return null;
  return `${command} ${rest[0]}: ${signal ?? status}: ${`${stdout}${stderr}`.trim().slice(0, 300)}`;
}
