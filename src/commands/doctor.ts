/** `con doctor`: is this machine fit, is this installation healthy; each finding with its remedy. */
import { loadConfigFiles } from "../config/load.ts";
import { parseConfig } from "../config/parse.ts";
import type { Problem } from "../config/types.ts";
import { bad, type Check, type DoctorSeverity, fine, inGroup } from "../host/doctor/check.ts";
import { examine } from "../host/doctor.ts";
import { ConError, exit } from "../system/errors.ts";
import { type Io, paint, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { problemLine } from "./shared/report.ts";
import { safeJson, safeLine } from "./shared/text.ts";

const example = `The machine: systemd, control group limits, kernel features, the tool sandbox, access lists, packet
rules, inotify, space, memory, load, clock, GPU, model providers (asked without a key). The installation:
configuration, units, credentials, holds, the latest result of the contracts. Differences to the
configuration are told by con verify.

Exit code: 0 nothing failed (there may be warnings), 1 something did.
Keys of --json: checks [{name, group, state, severity, found, remedy}]; group is machine or installation;
severity is critical, high, medium, low or ok; state is failure, warning or ok and follows from it.

Example:
  con doctor`;

const styles = {
  ok: "green",
  low: "yellow",
  medium: "yellow",
  high: "red",
  critical: "red",
} as const satisfies Record<DoctorSeverity, string>;

interface Options {
  readonly json?: boolean;
  readonly host?: boolean;
  readonly offline?: boolean;
  readonly gpu?: boolean;
}

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("doctor", "Examine machine and installation.", example)
    .option("--host", "expect packet rules although this is no container")
    .option("--offline", "do not try to reach the model providers")
    .option("--gpu", "a GPU has to be there")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { json, host = false, offline = false, gpu = false } = command.opts<Options>();
  if (io.uid !== 0) {
    const why = "only root may look at everything that has to be right";
    throw new ConError(exit.permission, "doctor", why, "run it as root (sudo con doctor)");
  }
  const { config, problems } = parseConfig(loadConfigFiles());
  const examined = await examine(config, { allowHost: host, offline, gpu });
  const checks = [...examined, ...configuration(problems)];
  if (json) io.out(safeJson({ checks }));
  else print(io, checks);
  return checks.some(({ state }) => state === "failure") ? exit.no : exit.ok;
}

function configuration(problems: readonly Problem[]): Check[] {
  if (problems.length === 0) return inGroup("installation", [fine("configuration", "no problem")]);
  return inGroup(
    "installation",
    problems.map((problem) =>
      bad("configuration", problemLine(problem), "correct it, then con bootstrap"),
    ),
  );
}

function print(io: Io, checks: readonly Check[]): void {
  for (const group of ["machine", "installation"] as const) {
    io.out(`${paint(io, "bold", group)}\n`);
    for (const check of checks) if (check.group === group) printOne(io, check);
  }
}

const width = "critical".length;

function printOne(io: Io, { name, severity, found, remedy }: Check): void {
  const mark = paint(io, styles[severity], severity.padEnd(width));
  io.out(`  ${mark}  ${safeLine(name)}: ${safeLine(found)}\n`);
  if (remedy !== "") io.out(`  ${" ".repeat(width)}  → ${safeLine(remedy)}\n`);
}
