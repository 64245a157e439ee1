/**
 * The report for a terminal: what fails first, with what to do; one line that sums up. Pure.
 *
 * Everything that comes from checks, contracts or agents is made visible (plain.ts) before it is coloured.
 */
import type { BadContract } from "../types.ts";
import type { ReportDocument, ReportHold, ReportIncident } from "./document.ts";
import { clipped, span, utc, visibleLine, visibleLines } from "./plain.ts";
import { isFailing, type Row, rowsOf, stateWords, summaryOf } from "./view.ts";

export type Paint = (style: "bold" | "dim" | "green" | "yellow" | "red", text: string) => string;

export interface TextOptions {
  /** Every check, also those that pass. */
  readonly verbose: boolean;
  readonly now: number;
  readonly paint: Paint;
}

const maxEvidence = 2000;

export function reportText(document: ReportDocument, options: TextOptions): string {
  const rows = rowsOf(document);
  const failing = rows.filter(({ result }) => isFailing(result));
  const blocks = [
    ...document.notes.map((note) => `${options.paint("yellow", "note")} ${visibleLine(note)}`),
    ...document.bad.map((bad) => badBlock(bad, options.paint)),
    ...failing.map((row) => failingBlock(row, options)),
    ...document.holds.map((hold) => holdBlock(hold, options)),
    ...(options.verbose ? [listOf(rows, options.paint)] : []),
    lastLine(document, options),
  ];
  return `${blocks.join("\n")}\n`;
}

const indented = (label: string, lines: readonly string[]): string[] =>
  lines.map((line, index) => `    ${(index === 0 ? label : "").padEnd(9)}${line}`);

function failingBlock({ result, incident }: Row, { now, paint }: TextOptions): string {
  const { state, severity, contract, check, found, message, remedy, agents } = result;
  const head = `${paint("red", stateWords[state])} ${visibleLine(contract)}: ${visibleLine(check)}`;
  return [
    `${head} (${severity})`,
    ...indented("found", visibleLines(clipped(found, maxEvidence))),
    ...(agents.length === 0 ? [] : indented("agents", [visibleLine(agents.join(", "))])),
    ...(message === "" ? [] : indented("to do", visibleLines(message))),
    ...(remedy === null || remedy === "" ? [] : indented("mend", visibleLines(remedy))),
    ...(incident === null ? [] : story(incident, now)),
  ].join("\n");
}

function story(incident: ReportIncident, now: number): string[] {
  const { count, reopened, escalations, id } = incident;
  const first = Date.parse(incident.first_seen);
  const back = reopened === 0 ? "" : `, came back ${reopened}×`;
  const told = escalations === 0 ? "" : `, told ${escalations}×`;
  const waits = incident.state === "pending" ? ", not acted on yet" : "";
  const since = `${utc(first)} (${span(now - first)}), seen ${count}×${back}${told}${waits}; ${id}`;
  return [
    ...indented("since", [visibleLine(since)]),
    ...incident.actions.flatMap(({ at, words, undo }) => {
      const back = undo.length === 0 ? "" : `; undo: ${undo.join("; ")}`;
      return indented("done", [visibleLine(`${utc(Date.parse(at))} ${words}${back}`)]);
    }),
  ];
}

function badBlock({ file, problems }: BadContract, paint: Paint): string {
  return [
    `${paint("red", "FAIL")} ${visibleLine(file)}: this contract file cannot be used`,
    ...problems.flatMap(({ line, column, key, why, remedy }) => [
      ...indented("found", [visibleLine(`line ${line}:${column}: ${key}: ${why}`)]),
      ...indented("to do", [visibleLine(remedy)]),
    ]),
  ].join("\n");
}

function holdBlock({ what, kind, by, at, why, undo }: ReportHold, { paint }: TextOptions): string {
  return [
    `${paint("yellow", visibleLine(kind))} ${visibleLine(what)}`,
    ...indented("why", [visibleLine(`${why} (by ${by}, ${at})`)]),
    ...indented("undo", [visibleLine(undo)]),
  ].join("\n");
}

function listOf(rows: readonly Row[], paint: Paint): string {
  const width = Math.max(0, ...rows.map(({ result }) => nameOf(result).length));
  return rows
    .map(({ result }) => {
      const word = stateWords[result.state].padEnd(7);
      const style = isFailing(result) ? "red" : result.state === "pass" ? "green" : "dim";
      const found = clipped(visibleLine(result.found), 100);
      return `${paint(style, word)}  ${nameOf(result).padEnd(width)}  ${found}`.trimEnd();
    })
    .join("\n");
}

const nameOf = ({ contract, check }: { contract: string; check: string }): string =>
  visibleLine(`${contract}: ${check}`);

function lastLine(document: ReportDocument, { now, paint }: TextOptions): string {
  const at = Date.parse(document.at);
  const age = `evaluated ${utc(at)}, ${span(now - at)} ago`;
  const word = document.ok ? paint("green", "ok") : paint("red", "not ok");
  return `${word}: ${summaryOf(document)}; ${age}`;
}
