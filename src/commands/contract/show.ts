/** `con contract show ID`: one contract in words, with its last result and what is open. Reads only. */
import type { ReportIncident, ReportResult } from "../../contract/report/document.ts";
import type { Contract, ContractSet } from "../../contract/types.ts";
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { nearest } from "../shared/nearest.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { duration, safeJson, safeLine } from "../shared/text.ts";
import { activeContracts, contractPlaces } from "./active.ts";
import { type Latest, readLatest } from "./latest.ts";
import { checkRows, contractRows, type Row } from "./words.ts";

const example = `Keys of --json: contract (as it was read: id, description, type, mechanism, enforcement, agent,
everySeconds, manual, severity, tags, dependsOn, skipIf, checks [{name, probe, timeoutSeconds, onFail
{action, escalate, message, after}}], file), results and incidents (as in con contract report --help, those
of this contract; closed incidents left out). The last two are null where there is no report or you may not
read it.

Example:
  con contract show CON-SYS-001`;

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const command = newCommand("contract show", "Show one contract in words.", example)
    .argument("<id>", "as con contract list shows it")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const places = contractPlaces(io);
  const contract = known(await activeContracts(places), command.args[0] ?? "");
  const latest = readLatest(nodeDisk, places.latest, contract.id);
  if (command.opts<{ json?: boolean }>().json === true) {
    const { results = null, incidents = null } = latest ?? {};
    io.out(safeJson({ contract, results, incidents }));
  } else io.out(inWords(contract, latest, io.now()));
  return exit.ok;
}

function known({ contracts, bad }: ContractSet, id: string): Contract {
  const found = contracts.find((one) => one.id === id);
  if (found !== undefined) return found;
  const names = contracts.map((one) => one.id);
  const guess = nearest(id, names);
  const hint = guess === null ? "see con contract list" : `did you mean ${guess}?`;
  const more = bad.length === 0 ? "" : `, and ${bad.length} files are no contracts`;
  const why = `there is no active contract of this id${more}`;
  throw new ConError(exit.badInput, `contract ${safeLine(id)}`, why, hint);
}

function inWords(contract: Contract, latest: Latest | null, now: number): string {
  const parts = [lines("", [["id", contract.id], ...contractRows(contract)])];
  for (const check of contract.checks) {
    const own = <T extends { readonly check: string }>(list: readonly T[]) =>
      list.filter((one) => one.check === check.name);
    const results = own(latest?.results ?? []).map((one) => resultRow(one, now));
    const incidents = own(latest?.incidents ?? []).flatMap((one) => incidentRows(one, now));
    const rows = [...checkRows(check), ...results, ...incidents];
    parts.push(`check ${safeLine(check.name)}\n${lines("  ", rows)}`);
  }
  if (latest === null)
    parts.push(
      "No result: nothing was evaluated yet, or you may not read it (see con contract report).\n",
    );
  return parts.join("\n");
}

function lines(indent: string, rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  const next = `\n${indent}${" ".repeat(width)}  `;
  const line = ([name, words]: Row) =>
    `${indent}${name.padEnd(width)}  ${words.replaceAll("\n", next)}\n`;
  return rows.map(line).join("");
}

function ago(at: string, now: number): string {
  const time = Date.parse(at);
  return Number.isNaN(time) ? "at an unknown time" : `${duration(now - time)} ago`;
}

const resultRow = ({ state, found, at }: ReportResult, now: number): Row => [
  "last result",
  safeLine(`${state}, ${ago(at, now)}${found ? `: ${found}` : ""}`),
];

const incidentRows = (incident: ReportIncident, now: number): Row[] => [
  [
    `${safeLine(incident.state)} incident`,
    safeLine(
      `${incident.id}, first ${ago(incident.first_seen, now)}, seen ${incident.count} times`,
    ),
  ],
  ...(incident.evidence ? [["evidence", safeLine(incident.evidence)] as const] : []),
  ...(incident.remedy ? [["remedy", safeLine(incident.remedy)] as const] : []),
];
