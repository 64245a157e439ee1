/**
 * Takes former versions of files, and deleted ones, out of an agent's archive when they are older than its configuration
 * keeps them. How old one is says its name, because a file that is moved away keeps the time of its content.
 *
 * After a crash anywhere some are gone, and the next run removes the others. Never: makes an archive; follows a link
 * out of it.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { olderThan, removeVersions, versionsOf } from "../../tools/files/archive-folder.ts";
import { nameOf, type Version } from "../../tools/files/versions.ts";
import type { ArchivePolicy } from "../../tools/policies.ts";
import { daysBefore } from "./kinds.ts";
import type { Swept } from "./retention.ts";

interface Ages {
  /** Null: for ever. */
  readonly days: number | null | undefined;
  readonly now: () => number;
  /** Nothing new is begun after so long. */
  readonly ms: number;
}

export interface ArchiveSwept {
  readonly swept: Swept;
  readonly complete: boolean;
}

const namesShown = 20;

export function sweepArchive(
  archive: ArchivePolicy,
  { days, now, ms }: Ages,
  { looksOnly }: { readonly looksOnly: boolean },
): ArchiveSwept {
  const start = now();
  const before = daysBefore(days, start);
  const old = before === null || !isThere(archive) ? [] : olderThan(all(archive), before);
  if (looksOnly || old.length === 0) return { swept: sums(before, old), complete: true };
  const { gone, refused, why } = removeVersions(archive, old, () => now() >= start + ms);
  const complete = gone.length + refused === old.length;
  return { swept: { ...sums(before, gone), refused, why }, complete };
}

const isThere = ({ directory }: ArchivePolicy): boolean => existsSync(join(directory, "versions"));

const all = (archive: ArchivePolicy): Version[] =>
  versionsOf({ files: { workspace: "", readable: [], writable: [], denied: [], archive } }, null);

const sums = (before: number | null, gone: readonly Version[]): Swept => ({
  ...{ what: "archive", folder: "archive/versions", before, inUse: 0, entries: gone.length },
  bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0),
  names: gone.slice(0, namesShown).map(nameOf),
  ...{ refused: 0, why: null },
});
