/** `con contract report`: what the latest evaluation of the contracts found. Reads only. */
import type { ReportDocument } from "../../contract/report/document.ts";
import { readReport } from "../../contract/report/read.ts";
import { reportText } from "../../contract/report/text.ts";
import { staleAfterMs } from "../../contract/report/view.ts";
import { reportPaths } from "../../contract/report/write.ts";
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { denied, isDenied, joinTrusted } from "../shared/access.ts";
import { type Io, paint } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { loadSystem } from "../shared/system.ts";
import { duration, safeJson } from "../shared/text.ts";

const example = `Prints what fails, since when, what was done about it and how to take that back; then one line that sums
up. It evaluates nothing: con healthcheck does.

Exit code: 0 nothing fails, 1 something does, 69 there is no report, or only an old one (it is printed all the same).
Keys of --json: version, at, evaluation, duration_ms, interval_seconds, system, ok, counts {pass, fail, error, skipped},
results [{contract, check, state, severity, found, remedy, message, agents, at, duration_ms}],
bad [{file, problems [{line, column, key, why, remedy}]}],
incidents [{id, contract, check, severity, state, first_seen, last_seen, closed_at, closed_why, count, reopened,
evidence, remedy, message, agents, escalations, last_escalated_at,
actions [{at, action, agents, request, words, undo}]}],
holds [{what, kind, by, at, why, incident, undo}], held [{agent, kind}], counters {escalations, actions}, notes.

Example:
  con contract report -v`;

export async function run(argv: string[], io: Io): Promise<number> {
  const command = newCommand("contract report", "Show the latest report.", example)
    .option("-v, --verbose", "list every check, also those that pass")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { json, verbose = false } = command.opts<{ json?: boolean; verbose?: boolean }>();
  const path = reportPaths(loadSystem(io.env).runtime.root).latest;
  const document = load(path);
  const now = io.now();
  if (json) io.out(safeJson(document));
  else {
    const options = { verbose, now, paint: (style: Style, text: string) => paint(io, style, text) };
    io.out(reportText(document, options));
  }
  refuseStale(document, path, now);
  return document.ok ? exit.ok : exit.no;
}

type Style = Parameters<typeof paint>[1];

const remedy = "see systemctl status con-healthcheck.timer, or evaluate now: sudo con healthcheck";

function load(path: string): ReportDocument {
  const read = guarded(path);
  if (read.kind === "report") return read.document;
  const why = read.kind === "none" ? "there is none yet" : `${path} is damaged`;
  throw new ConError(exit.unavailable, "contract report", why, remedy);
}

function guarded(path: string): ReturnType<typeof readReport> {
  try {
    return readReport(nodeDisk, path);
  } catch (error) {
    if (isDenied(error)) throw denied("contract report", path, joinTrusted);
    throw error;
  }
}

/** An old report may be green although nothing is watched any more. */
function refuseStale(document: ReportDocument, path: string, now: number): void {
  const age = now - Date.parse(document.at);
  if (Math.abs(age) <= staleAfterMs(document)) return;
  const why = age > 0 ? `${path} is ${duration(age)} old` : `${path} is of ${document.at}`;
  throw new ConError(exit.unavailable, "contract report", why, remedy);
}
