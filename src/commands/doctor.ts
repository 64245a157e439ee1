/** `con doctor`: is this machine fit, is this installation healthy; each finding with its remedy. */
import { loadConfigFiles } from "../config/load.ts";
import { parseConfig } from "../config/parse.ts";
import type { Problem } from "../config/types.ts";
import { bad, type Check, fine } from "../host/doctor/check.ts";
import { examine } from "../host/doctor.ts";
import { ConError, exit } from "../system/errors.ts";
import { type Io, paint, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { problemLine } from "./shared/report.ts";
import { safeJson, safeLine } from "./shared/text.ts";

const example = `Tries what con depends on: systemd, control group limits, the tool sandbox, packet rules, inotify,
credentials, units, space, memory, load.

Exit code: 0 nothing failed (there may be warnings), 1 something did.
Keys of --json: checks [{name, state, found, remedy}], state is ok, warning or failure.

Example:
  con doctor`;

const marks = { ok: "ok  ", warning: "warn", failure: "FAIL" } as const;
const styles = { ok: "green", warning: "yellow", failure: "red" } as const;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("doctor", "Examine machine and installation.", example)
    .option("--host", "expect packet rules although this is no container")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { json, host = false } = command.opts<{ json?: boolean; host?: boolean }>();
  if (io.uid !== 0) {
    const why = "only root may look at everything that has to be right";
    throw new ConError(exit.permission, "doctor", why, "run it as root (sudo con doctor)");
  }
  const { config, problems } = parseConfig(loadConfigFiles());
  const checks = [...configuration(problems), ...(await examine(config, host))];
  if (json) io.out(safeJson({ checks }));
  else for (const check of checks) print(io, check);
  return checks.some(({ state }) => state === "failure") ? exit.no : exit.ok;
}

function configuration(problems: readonly Problem[]): Check[] {
  if (problems.length === 0) return [fine("configuration", "no problem")];
  return problems.map((problem) =>
    bad("configuration", problemLine(problem), "correct it, then con bootstrap"),
  );
}

function print(io: Io, { name, state, found, remedy }: Check): void {
  const mark = paint(io, styles[state], marks[state]);
  io.out(`${mark}  ${safeLine(name)}: ${safeLine(found)}\n`);
  if (remedy !== "") io.out(`      → ${safeLine(remedy)}\n`);
}
