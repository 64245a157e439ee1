/** `con contract history`: what happened to contracts, and whether that record was changed. Reads only. */
import { join } from "node:path";
import { historyLine } from "../../contract/history.ts";
import { reportPaths } from "../../contract/report/write.ts";
import { readState } from "../../contract/state.ts";
import { healthState } from "../../host/paths.ts";
import {
  type ChainCheck,
  type ChainHead,
  chainFiles,
  lastRecords,
  verifyChain,
} from "../../system/chain.ts";
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { denied, isDenied, joinTrusted } from "../shared/access.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse, wholeNumber } from "../shared/parse.ts";
import { loadSystem } from "../shared/system.ts";
import { safeJson, safeLine } from "../shared/text.ts";

const example = `Prints the latest events: evaluations in which something was different, and what happened to incidents.

--verify reads all of it instead and checks the hash chain: edits, removals and another order are found. Whether lines
were cut off at the end only root can see, because only root may read where it should end.

Exit code: 0, or 1 when --verify finds the record broken.
Keys of --json: events [{seq, kind, at, …}], or verify {ok, records, torn, end_checked, file, line, why}.

Example:
  con contract history -n 50
  sudo con contract history --verify`;

export async function run(
  argv: string[],
  io: Io,
  statePath: string = join(healthState, "state.json"),
): Promise<number> {
  const command = newCommand("contract history", "Show what happened to contracts.", example)
    .option("-n, --number <n>", "how many events", wholeNumber("--number", 1), 20)
    .option("--verify", "check the whole record")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<{ number: number; verify?: boolean; json?: boolean }>();
  const path = reportPaths(loadSystem(io.env).runtime.root).history;
  try {
    return options.verify === true
      ? verify(path, statePath, io, options.json === true)
      : show(path, io, options);
  } catch (error) {
    if (isDenied(error)) throw denied("contract history", path, joinTrusted);
    throw error;
  }
}

function filesOf(path: string): string[] {
  const files = chainFiles(nodeDisk, path);
  if (files.length > 0) return files;
  const remedy = "con healthcheck begins one";
  throw new ConError(exit.unavailable, "contract history", "there is none yet", remedy);
}

function show(path: string, io: Io, options: { number: number; json?: boolean }): number {
  const links = lastRecords(nodeDisk, filesOf(path), options.number);
  if (options.json === true) {
    io.out(safeJson({ events: links.map((link) => link && { ...link.record, seq: link.seq }) }));
    return exit.ok;
  }
  const strange = "(a line that is not of this record: see con contract history --verify)";
  for (const link of links)
    io.out(`${link === null ? strange : safeLine(historyLine(link.record))}\n`);
  return exit.ok;
}

function verify(path: string, statePath: string, io: Io, json: boolean): number {
  // The remembered end first: what is appended meanwhile only makes the chain longer.
  const expect = remembered(statePath);
  const check = verifyChain(nodeDisk, filesOf(path), expect === "denied" ? null : expect);
  if (json) io.out(safeJson({ verify: asJson(check, expect !== "denied") }));
  else io.out(inWords(check, expect));
  return check.ok ? exit.ok : exit.no;
}

function remembered(statePath: string): ChainHead | null | "denied" {
  try {
    return readState(nodeDisk, statePath).state.historyHead;
  } catch (error) {
    if (isDenied(error)) return "denied";
    throw error;
  }
}

const asJson = (check: ChainCheck, endChecked: boolean) =>
  check.ok
    ? { ok: true, records: check.head.seq, torn: check.torn, end_checked: endChecked }
    : { ok: false, file: check.file, line: check.line, why: check.why, end_checked: endChecked };

function inWords(check: ChainCheck, expect: ChainHead | null | "denied"): string {
  if (!check.ok) {
    return `broken: ${safeLine(check.file)}, line ${check.line}: ${check.why}\n`;
  }
  const torn = check.torn ? "; the latest append was cut by a crash" : "";
  const end = expect === "denied" ? "; only root can see whether its end was cut off" : "";
  return `ok: ${check.head.seq} records, none changed${torn}${end}\n`;
}
