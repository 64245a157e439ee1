/** What bootstrap and verify have to say, for people and as JSON. Never: prints file contents. */
import type { Problem } from "../../config/types.ts";
import type { Report } from "../../host/bootstrap.ts";
import type { Change } from "../../host/diff.ts";
import type { Stray } from "../../host/facts.ts";
import { nameOfFact } from "../../host/report.ts";
import type { Io } from "./io.ts";
import { safeLine } from "./text.ts";

const changeLine = ({ fact, why }: Change, drifted: boolean): string =>
  `~ ${fact.kind} ${nameOfFact(fact)}: ${why}${drifted ? " (drifted)" : ""}\n`;

const strayLine = ({ kind, name }: Stray): string =>
  kind === "agent-directory" ? `- ${kind} ${name}: closed, data kept\n` : `- ${kind} ${name}\n`;

/** Problems and the like go to standard error, so that the diff stays readable by programs. */
export function printReport(io: Io, report: Report): void {
  for (const change of report.changes) io.out(changeLine(change, report.drifted.has(change)));
  for (const stray of report.strays) io.out(strayLine(stray));
  for (const problem of report.problems) io.err(`con: ${safeLine(problemLine(problem))}\n`);
  for (const { what, why, agent } of report.failures) {
    const whose = agent === null ? "" : ` (agent ${agent})`;
    io.err(`con: ${safeLine(`${what}${whose}: ${why}: see con doctor`)}\n`);
  }
  for (const { what, why, remedy } of report.findings)
    io.err(`con: ${safeLine(`${what}: ${why}: ${remedy}`)}\n`);
}

export function problemLine({ file, line, column, key, why, remedy }: Problem): string {
  const place = `${file}:${line}:${column}`;
  return key === "" ? `${place}: ${why}: ${remedy}` : `${place}: ${key}: ${why}: ${remedy}`;
}

export const reportJson = (report: Report) => ({
  applied: report.applied,
  changes: report.changes.map((change) => ({
    kind: change.fact.kind,
    name: nameOfFact(change.fact),
    why: change.why,
    drifted: report.drifted.has(change),
  })),
  removals: report.strays.map(({ kind, name, agent }) => ({ kind, name, agent })),
  problems: report.problems,
  findings: report.findings,
  failures: report.failures,
});
