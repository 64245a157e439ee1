/** Names in a directory that an earlier version, or a first boot, may not have made yet. */
import { type Disk, errnoOf } from "../system/disk.ts";

export function listed({ disk }: { readonly disk: Disk }, directory: string): string[] {
  try {
    return disk.list(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
