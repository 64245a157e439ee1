/**
 * `con healthcheck`: evaluates contracts, keeps incidents, tells agents, asks the steward, writes reports.
 * One at a time: a second one waits for the first, the timer's goes away. Root only.
 */
import { readHealth } from "../config/compiled.ts";
import { type HealthRun, runHealthcheck } from "../contract/health.ts";
import { reportText } from "../contract/report/text.ts";
import { healthState } from "../host/paths.ts";
import { auditEntry } from "../system/audit-entry.ts";
import { nodeDisk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { lateJournal } from "../system/journal.ts";
import { takeLock } from "../system/lock.ts";
import { createLog, type Log } from "../system/log.ts";
import { type Io, paint, processIo } from "./shared/io.ts";
import { nearest } from "./shared/nearest.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { safeJson } from "./shared/text.ts";

const example = `Evaluates the contracts that are due, or those that you name, or all. What fails opens an incident: the
contract's action is asked of the steward, and the sysadmin agent gets a task about it. con contract report
shows the latest result without evaluating anything.

Exit code: 0 all hold, 1 something fails, 69 nothing was bootstrapped yet, 75 another one is at work.
Keys of --json: those of /srv/con/logs/contracts/latest.json: version, at, evaluation, duration_ms,
interval_seconds, system, ok, counts {pass, fail, error, skipped}, results [{contract, check, state, severity,
found, remedy, message, agents, at, duration_ms}], bad [{file, problems}], incidents, holds, held, counters,
notes; and evaluated [ids].

Example:
  con healthcheck
  con healthcheck --all --json
  con healthcheck --dry-run CON-SYS-001`;

interface Options {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly timer?: boolean;
  readonly verbose?: boolean;
}

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("healthcheck", "Evaluate the contracts that are due.", example)
    .argument("[contract...]", "ids of contracts to evaluate whatever their time")
    .option("--all", "every contract, also those that are not due")
    .option("-n, --dry-run", "look only: no incident, no action, no task, no report")
    .option("-v, --verbose", "also what holds")
    .option("--timer", "as con-healthcheck.service runs it: news to the journal only")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<Options>();
  if (io.uid !== 0) {
    const why = "only root sees all that there is to check";
    const remedy = "run it as root (sudo con healthcheck), or see con contract report";
    throw new ConError(exit.permission, "healthcheck", why, remedy);
  }
  const result = await locked(options, () => evaluate(command.args, options, io));
  if (result === null) return exit.ok;
  const journal = lateJournal();
  for (const line of result.lines) journal.send(auditEntry("contracts", line));
  await journal.end();
  if (options.timer) tell(result, createLog());
  else if (options.json) io.out(safeJson({ ...result.report, evaluated: result.evaluated }));
  else io.out(textOf(result, options, io));
  return result.report.ok ? exit.ok : exit.no;
}

/** A person waits for the evaluation that is under way; for the timer it is as good as its own. */
const patienceSeconds = 120;

async function locked<T>({ timer }: Options, act: () => Promise<T>): Promise<T | null> {
  const lock = await takeLock(nodeDisk, `${healthState}/lock`, timer ? 0 : patienceSeconds);
  if (lock === null) {
    if (timer) return null;
    const why = `another evaluation has been at work for ${patienceSeconds} s`;
    const remedy = "see systemctl status con-healthcheck.service";
    throw new ConError(exit.tryLater, "healthcheck", why, remedy);
  }
  try {
    return await act();
  } finally {
    lock.release();
  }
}

async function evaluate(ids: readonly string[], options: Options, io: Io): Promise<HealthRun> {
  const result = await runHealthcheck({
    health: readHealth(),
    which: ids.length > 0 ? new Set(ids) : options.all ? "all" : "due",
    dryRun: options.dryRun ?? false,
    environment: io.env,
    now: io.now,
  });
  const missing = ids.find((id) => !result.evaluated.includes(id));
  if (missing === undefined) return result;
  const known = result.report.results.map(({ contract }) => contract);
  const guess = nearest(missing, known);
  const remedy = guess === null ? "see con contract list" : `did you mean ${guess}?`;
  throw new ConError(exit.usage, missing, "there is no such contract", remedy);
}

function textOf({ report, evaluated }: HealthRun, { verbose = false }: Options, io: Io): string {
  const text = reportText(report, {
    verbose,
    now: io.now(),
    paint: (style, words) => paint(io, style, words),
  });
  return `${text}${evaluated.length} contracts evaluated now\n`;
}

/** The journal gets news; the state of things is in the reports. */
function tell({ opened, closed, report }: HealthRun, log: Log): void {
  for (const { id, contract, check, evidence } of opened)
    log.warn("incident opened", { id, contract, check, evidence });
  for (const { id, contract, check } of closed)
    log.info("incident closed", { id, contract, check });
  for (const note of report.notes) log.warn(note);
}
