/**
 * Writes the reports of an evaluation: each appears whole or stays as it was.
 *
 * They are made anew at each evaluation, so nothing waits for the disk: after a power cut one may be empty or
 * old until the next. A report that cannot be written stops neither the others nor the evaluation;
 * each such failure is returned in words. Never: makes a directory (bootstrap's modes and access lists
 * decide who reads), or leaves more than one `.NAME.new` behind.
 */
import { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Disk, errnoOf } from "../../system/disk.ts";
import { writeAll } from "../../system/durable.ts";
import type { ReportDocument } from "./document.ts";
import { htmlOf } from "./html.ts";
import { prometheusOf } from "./prometheus.ts";

export interface ReportPaths {
  readonly latest: string;
  readonly page: string;
  readonly metrics: string;
  /** Hash chain of what happened; not written here. */
  readonly history: string;
}

/** `root` is `/srv/con`. */
export const reportPaths = (root: string): ReportPaths => ({
  latest: join(root, "logs/contracts/latest.json"),
  page: join(root, "logs/contracts/status.html"),
  history: join(root, "logs/contracts/history.jsonl"),
  metrics: join(root, "logs/metrics/con.prom"),
});

/** Owner and the directory's inherited entries: members of `trusted`, and who has a grant. */
export const reportMode = 0o640;
/** Also a collector's own user, where a person lets it see the directory. It holds no evidence. */
const metricsMode = 0o644;

/** What could not be written, in words; empty when all is well. */
export function writeReports(document: ReportDocument, paths: ReportPaths, disk: Disk): string[] {
  const reports: readonly (readonly [string, number, () => string])[] = [
    [paths.latest, reportMode, () => `${JSON.stringify(document, null, 1)}\n`],
    [paths.page, reportMode, () => htmlOf(document)],
    [paths.metrics, metricsMode, () => prometheusOf(document)],
  ];
  return reports.flatMap(([path, mode, make]) => {
    try {
      replace(disk, path, Buffer.from(make()), mode);
      return [];
    } catch (error) {
      const code = errnoOf(error);
      if (code === null) throw error;
      return [`cannot write ${path}: ${code}`];
    }
  });
}

const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

function replace(disk: Disk, path: string, bytes: Uint8Array, mode: number): void {
  const waiting = join(dirname(path), `.${basename(path)}.new`);
  const fd = disk.open(waiting, flags, mode);
  try {
    disk.setMode(fd, mode);
    writeAll(disk, fd, bytes);
  } finally {
    disk.close(fd);
  }
  disk.rename(waiting, path);
}
