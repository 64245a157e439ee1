/** `con verify`: what on this machine is not as /etc/con describes it. Changes nothing. Root only. */
import { bootstrap } from "../host/bootstrap.ts";
import { ConError, exit } from "../system/errors.ts";
import { type Io, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { printReport, reportJson } from "./shared/report.ts";
import { safeJson } from "./shared/text.ts";

const example = `Prints each difference between configuration and machine: users, directories, modes, access lists, files,
units, packet rules, and what is left of agents without a manifest. "drifted" marks what the latest con bootstrap
had made so and is different now; the rest was changed in /etc/con since then. Access lists below a granted
directory are set when the grant changes and not compared here.

Exit code: 0 none, 1 there are some, 78 the configuration itself has problems.
Keys of --json: as in con bootstrap --help.

Example:
  con verify || con bootstrap`;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("verify", "Compare the configuration with the machine.", example)
    .option("--host", "expect packet rules although this is no container")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { json, host = false } = command.opts<{ json?: boolean; host?: boolean }>();
  if (io.uid !== 0) {
    const why = "only root sees all that there is to compare";
    throw new ConError(exit.permission, "verify", why, "run it as root (sudo con verify)");
  }
  const report = await bootstrap({ dryRun: true, prune: true, allowHost: host });
  const drift = report.changes.length + report.strays.length;
  if (json) io.out(safeJson(reportJson(report)));
  else {
    printReport(io, report);
    if (report.applied)
      io.out(drift === 0 ? "no drift\n" : `${drift} differences; con bootstrap mends them\n`);
  }
  if (report.problems.length > 0) return exit.configuration;
  return drift === 0 ? exit.ok : exit.no;
}
