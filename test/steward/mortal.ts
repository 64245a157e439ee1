/** A disk, and steps on a machine, at which the steward dies. */
import { constants } from "node:fs";
import { type Disk, nodeDisk } from "../../src/system/disk.ts";

export class Crash extends Error {}

/** A process dies here, not the machine: nothing is lost that was not synced, and syncs take long. */
export const quickDisk: Disk = { ...nodeDisk, sync: () => undefined };

/** Counts steps that change something; from the `last`-th on each one throws. */
export function mortal(last: number, fault: () => Error) {
  let steps = 0;
  let dead = false;
  const step = (): void => {
    steps += 1;
    if (steps >= last) dead = true;
    if (dead) throw fault();
  };
  const disk: Disk = {
    ...quickDisk,
    open: (path, flags, mode) => {
      if ((flags & constants.O_CREAT) !== 0) step();
      return nodeDisk.open(path, flags, mode);
    },
    write: (fd, bytes, offset) => {
      step();
      // In two parts, as the kernel may.
      const end = offset === 0 ? Math.ceil(bytes.length / 2) : bytes.length;
      return nodeDisk.write(fd, bytes.subarray(0, end), offset);
    },
    sync: step,
    link: (from, to) => {
      step();
      nodeDisk.link(from, to);
    },
    rename: (from, to) => {
      step();
      nodeDisk.rename(from, to);
    },
    unlink: (path) => {
      step();
      nodeDisk.unlink(path);
    },
    listBytes: (directory) => {
      if (dead && fault() instanceof Crash) throw fault();
      return nodeDisk.listBytes(directory);
    },
  };
  return { disk, step, steps: () => steps };
}
