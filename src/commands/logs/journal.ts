/**
 * What the units wrote to the journal, shown by journalctl(1), which escapes control characters itself.
 * Never: passes text to a shell.
 */
import { spawn } from "node:child_process";
import { ConError, exit } from "../../system/errors.ts";

/** Runs a program on our own terminal and tells its exit code; 127 when it is not there. */
export type Attach = (argv: readonly [string, ...string[]]) => Promise<number>;

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

export function verdict(code: number, uid: number): number {
  if (code === 0 || code === 130) return exit.ok;
  if (code === 127)
    throw new ConError(exit.unavailable, "logs", "journalctl is not here", "install systemd");
  const remedy = "join the group systemd-journal, or run it as root";
  if (uid !== 0) throw new ConError(exit.permission, "logs", "journalctl refused", remedy);
  throw new ConError(exit.unavailable, "logs", `journalctl ended with ${code}`, "see above");
}

export function attachProgram(argv: readonly [string, ...string[]]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: "inherit" });
    // Ctrl-C goes to the whole foreground group; we wait for journalctl to end first.
    process.on("SIGINT", () => undefined);
    child.on("error", () => resolve(127));
    child.on("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}
