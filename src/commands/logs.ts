/**
 * `con logs [NAME]`: what the units wrote to the journal, shown by journalctl(1), which escapes
 * control characters itself. Never: passes text to a shell.
 */
import { spawn } from "node:child_process";
import { ConError, exit } from "../system/errors.ts";
import { type Io, processIo } from "./shared/io.ts";
import { knownAgent } from "./shared/known.ts";
import { newCommand, parse, wholeNumber } from "./shared/parse.ts";
import { loadSystem } from "./shared/system.ts";

const example = `Without NAME: all units of con, the gateway included.

Example:
  con logs -n 50 concierge
  con logs -f`;

/** Runs a program on our own terminal and tells its exit code; 127 when it is not there. */
export type Attach = (argv: readonly [string, ...string[]]) => Promise<number>;

export async function run(
  argv: string[],
  io: Io = processIo(),
  attach: Attach = attachProgram,
): Promise<number> {
  const command = newCommand("logs", "Show the log of an agent, or of all.", example)
    .argument("[name]", "an agent")
    .option("-f, --follow", "go on with new lines until stopped")
    .option("-n, --number <n>", "how many lines", wholeNumber("--number", 0), 20);
  if (parse(command, argv, io) === "help") return exit.ok;
  const system = loadSystem(io.env);
  const [name] = command.args;
  const agent = name === undefined ? null : knownAgent(system.runtime, name).name;
  if (system.dev)
    throw new ConError(
      exit.unavailable,
      "logs",
      "con dev keeps no journal",
      "look at the terminal where con dev runs, or see con trace ID",
    );
  const { follow = false, number } = command.opts<{ follow?: boolean; number: number }>();
  const code = await attach(journalArguments(agent, number, follow));
  return verdict(code, io.uid);
}

/** Pure: the whole command line of journalctl. */
export function journalArguments(
  agent: string | null,
  lines: number,
  follow: boolean,
): readonly [string, ...string[]] {
  const units = agent === null ? ["con@*", "con-*"] : [`con@${agent}.service`];
  const selected = units.flatMap((unit) => ["--unit", unit]);
  const mode = follow ? ["--follow"] : ["--no-pager"];
  return ["journalctl", ...selected, "--lines", String(lines), ...mode];
}

function verdict(code: number, uid: number): number {
  if (code === 0 || code === 130) return exit.ok;
  if (code === 127)
    throw new ConError(exit.unavailable, "logs", "journalctl is not here", "install systemd");
  const remedy = "join the group systemd-journal, or run it as root";
  if (uid !== 0) throw new ConError(exit.permission, "logs", "journalctl refused", remedy);
  throw new ConError(exit.unavailable, "logs", `journalctl ended with ${code}`, "see above");
}

function attachProgram(argv: readonly [string, ...string[]]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: "inherit" });
    // Ctrl-C goes to the whole foreground group; we wait for journalctl to end first.
    process.on("SIGINT", () => undefined);
    child.on("error", () => resolve(127));
    child.on("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}
