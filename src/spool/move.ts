/**
 * Moves a task between private folders so that it lies durably in one of them at any moment, perhaps in
 * both: a rename that a kill cut short would have to be synced in one order or the other, and nobody
 * knows in which direction it went.
 *
 * After a crash: either name, or both; a task that has ended is known by its record wherever it lies.
 */
import { dirname } from "node:path";
import type { Disk } from "../system/disk.ts";
import { exists, removeDurably, syncDirectory } from "../system/durable.ts";

export function moveByLink(disk: Disk, from: string, to: string): void {
  // A name that an earlier move left there.
  if (exists(disk, to)) disk.unlink(to);
  disk.link(from, to);
  syncDirectory(disk, dirname(to));
  removeDurably(disk, from);
}
