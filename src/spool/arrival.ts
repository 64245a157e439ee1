/** Was a file created in the inbox where it lies, or renamed into it? */
import { dirname } from "node:path";
import type { Disk } from "../system/disk.ts";

/**
 * A set-group-ID directory gives its group to what is created in it (mkdir(2), inode(7)); rename(2)
 * changes no owner and no group. `gid` is that of the open descriptor.
 */
export const wasCreatedHere = (disk: Disk, path: string, gid: bigint): boolean =>
  gid === disk.lstat(dirname(path)).gid;
