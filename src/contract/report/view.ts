/** What the text and the page both show: failing first, with its incident beside it. Pure. */
import type { ReportDocument, ReportIncident, ReportResult } from "./document.ts";

export interface Row {
  readonly result: ReportResult;
  readonly incident: ReportIncident | null;
}

const states = ["fail", "error", "skipped", "pass"] as const;
const severities = ["critical", "high", "medium", "low"] as const;

export const stateWords = {
  pass: "pass",
  fail: "FAIL",
  error: "ERROR",
  skipped: "skipped",
} as const;

/** All results, what fails first and among that the worst first. */
export function rowsOf({ results, incidents }: ReportDocument): Row[] {
  const key = (one: { contract: string; check: string }) => `${one.contract}\n${one.check}`;
  const known = new Map(incidents.map((incident) => [key(incident), incident]));
  return results
    .map((result) => ({ result, incident: known.get(key(result)) ?? null }))
    .sort(
      (a, b) =>
        states.indexOf(a.result.state) - states.indexOf(b.result.state) ||
        severities.indexOf(a.result.severity) - severities.indexOf(b.result.severity) ||
        (key(a.result) < key(b.result) ? -1 : 1),
    );
}

export const isFailing = ({ state }: ReportResult): boolean =>
  state === "fail" || state === "error";

/** `2 of 40 checks fail (1 error), 3 skipped, 1 contract file unusable`. */
export function summaryOf({ counts, bad }: ReportDocument): string {
  const { pass, fail, error, skipped } = counts;
  const all = pass + fail + error + skipped;
  const failing = fail + error;
  const checks = all === 1 ? "1 check" : `${all} checks`;
  const verb = failing === 1 ? "fails" : "fail";
  const head = failing === 0 ? `none of ${checks} fails` : `${failing} of ${checks} ${verb}`;
  const parts = [
    head,
    ...(error === 0 ? [] : [`${error} of these could not be made`]),
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
    ...(bad.length === 0 ? [] : [`${bad.length} contract files cannot be used`]),
  ];
  return parts.join(", ");
}

/** How long after `at` a report is stale: ten times what lies between two. */
export const staleAfterMs = ({ interval_seconds }: ReportDocument): number =>
  10 * interval_seconds * 1000;
