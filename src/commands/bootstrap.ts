/** `con bootstrap`: brings the machine into the state that /etc/con describes. Root only. */
import { bootstrap, type Report } from "../host/bootstrap.ts";
import { ConError, exit } from "../system/errors.ts";
import { type Io, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { printReport, reportJson } from "./shared/report.ts";
import { safeJson } from "./shared/text.ts";

const example = `Reads /etc/con, compiles it, compares with the machine and changes what differs. A second run changes
nothing. A bad manifest is reported with file and line and leaves the other agents working.

--prune takes away units, drop-ins, compiled files and access lists of agents without a manifest. Their
data stays, and so does their user, without a password, because files belong to it.

Exit code: 0 all is as described, 78 something in the configuration was left out, 69 something could not
be done. Keys of --json: applied, changes [{kind, name, why, drifted}], removals [{kind, name, agent}],
problems [{file, line, column, key, why, remedy, agent}], findings [{what, why, remedy}],
failures [{what, why, agent}].

Example:
  con bootstrap --dry-run
  con bootstrap`;

interface Options {
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly host?: boolean;
  readonly json?: boolean;
}

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("bootstrap", "Compile the configuration and apply it.", example)
    .option("--dry-run", "print what would change, and change nothing")
    .option("--prune", "also remove what belongs to agents that have no manifest any more")
    .option("--host", "load packet rules although this is no container")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { dryRun = false, prune = false, host = false, json = false } = command.opts<Options>();
  mustBeRoot(io);
  const report = await bootstrap({ dryRun, prune, allowHost: host });
  if (json) io.out(safeJson(reportJson(report)));
  else {
    printReport(io, report);
    io.out(`${summary(report, dryRun)}\n`);
  }
  return exitCode(report);
}

function mustBeRoot(io: Io): void {
  if (io.uid === 0) return;
  const why = "users, units and packet rules can only be changed by root";
  throw new ConError(exit.permission, "bootstrap", why, "run it as root (sudo con bootstrap)");
}

function summary({ applied, changes, strays, problems }: Report, dryRun: boolean): string {
  if (!applied) return "nothing applied: con.yaml has to be corrected first";
  const count = changes.length + strays.length;
  const left = new Set(problems.flatMap(({ agent }) => agent || [])).size;
  const out = left === 0 ? "" : `; ${left} ${left === 1 ? "agent" : "agents"} left out`;
  if (count === 0) return `nothing to change${out}`;
  const what = `${count} ${count === 1 ? "change" : "changes"}`;
  return dryRun ? `${what} to make${out}` : `${what} made${out}`;
}

function exitCode({ problems, failures }: Report): number {
  if (failures.some(({ agent }) => agent === null)) return exit.unavailable;
  return problems.length > 0 || failures.length > 0 ? exit.configuration : exit.ok;
}
