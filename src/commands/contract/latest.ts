/** What the latest evaluation left about one contract. Reads only. */
import type { ReportIncident, ReportResult } from "../../contract/report/document.ts";
import { readReport } from "../../contract/report/read.ts";
import type { Disk } from "../../system/disk.ts";
import { isDenied } from "../shared/access.ts";

export interface Latest {
  readonly results: readonly ReportResult[];
  /** Those that are not closed. */
  readonly incidents: readonly ReportIncident[];
}

/** Null where there is no usable report, or the caller may not read it; con contract report says which. */
export function readLatest(disk: Disk, path: string, contract: string): Latest | null {
  try {
    const read = readReport(disk, path);
    if (read.kind !== "report") return null;
    const { results, incidents } = read.document;
    return {
      results: results.filter((one) => one?.contract === contract),
      incidents: incidents.filter((one) => one?.contract === contract && one.state !== "closed"),
    };
  } catch (error) {
    if (!isDenied(error)) throw error;
    return null;
  }
}
