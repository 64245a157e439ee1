/**
 * `archive:` of con.yaml and of a manifest: how much of former versions and deleted files an agent keeps. For how long,
 * `retention.archive_days` says. Pure.
 *
 * Never: bounds that keep nothing; an agent's accidents are what it is there for.
 */
import type { Broken } from "./broken.ts";
import { parseMemory } from "./grammar.ts";
import type { ArchiveBounds } from "./types.ts";

export interface RawArchive {
  readonly file?: string;
  readonly versions?: number;
  readonly total?: string;
}

const mebibyte = 2 ** 20;

/** Also of agents that were compiled by an earlier version. */
export const defaultArchive: ArchiveBounds = {
  versionBytes: 32 * mebibyte,
  versionsPerFile: 20,
  totalBytes: 1024 * mebibyte,
};

/** `raw` over `common`. */
export const archiveOf = (
  { file, versions, total }: RawArchive = {},
  common: ArchiveBounds = defaultArchive,
): ArchiveBounds => ({
  versionBytes: sizeOf(file) ?? common.versionBytes,
  versionsPerFile: versions ?? common.versionsPerFile,
  totalBytes: sizeOf(total) ?? common.totalBytes,
});

const sizeOf = (text: string | undefined): number | null =>
  text === undefined ? null : parseMemory(text);

export function brokenArchive(raw: RawArchive | undefined, common?: ArchiveBounds): Broken[] {
  const { versionBytes, totalBytes } = archiveOf(raw, common);
  if (raw === undefined || versionBytes <= totalBytes) return [];
  const why = `a version of ${versionBytes / mebibyte} MiB has no room in an archive of ${totalBytes / mebibyte} MiB`;
  return [{ path: ["archive"], why, remedy: "make total larger, or file smaller" }];
}
