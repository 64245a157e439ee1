/**
 * Where a test that makes some hundred directories makes them: in memory where there is room, else where temporary
 * files go. Not for tests of what a file system does.
 */
import { accessSync, constants, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

const inMemory = "/dev/shm";
const tmpfsMagic = 0x01021994;
const leastBytes = 256 << 20;

export function quickDirectory(): string {
  try {
    accessSync(inMemory, constants.W_OK | constants.X_OK);
    const { type, bavail, bsize } = statfsSync(inMemory);
    return type === tmpfsMagic && bavail * bsize >= leastBytes ? inMemory : tmpdir();
  } catch (error) {
    if (["ENOENT", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return tmpdir();
    throw error;
  }
}
