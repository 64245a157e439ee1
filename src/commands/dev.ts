/**
 * `con dev [DIR]`: the same system without root or systemd in one directory: watchers instead of path
 * units, one process instead of many users.
 *
 * Never: promises isolation; it says at every start that there is none. After a crash: what the
 * queue's own protocol leaves, and the next start goes on from there.
 */
import { resolve } from "node:path";
import { exit } from "../system/errors.ts";
import { createLog } from "../system/log.ts";
import { startDev } from "./dev/start.ts";
import { type Io, paint, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { devPlaces } from "./shared/places.ts";
import { isolationWarning } from "./shared/system.ts";

const example = `DIR/etc holds the configuration; the default profile is copied there when there is none. Paths below
/srv/con in it mean paths below DIR. OPENAI_BASE_URL and OPENAI_API_KEY become a provider that comes
first on every ladder, in memory only. Schedules are not run. A task from one agent to another counts
as yours, because all agents are you. Ctrl-C ends it; unfinished tasks go on at the next start.

Example:
  con dev ./my-conspiracy
  con --root ./my-conspiracy task --wait "What agents are running?"`;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand(
    "dev",
    "Run the system in a directory, without isolation.",
    example,
  ).argument("[dir]", "where everything lies; default: CON_ROOT, or this directory");
  if (parse(command, argv, io) === "help") return exit.ok;
  const places = devPlaces(resolve(io.cwd, command.args[0] ?? io.env["CON_ROOT"] ?? "."));
  const stop = io.interrupted();
  // No journal reads these lines, so they go without its priority prefix.
  const log = createLog((line) => io.err(line.replace(/^<\d>/, "")));
  const dev = await startDev(io, places, log, stop);
  io.out(banner(io, places.root, dev.agents));
  await aborted(stop);
  io.out("con dev: stopping\n");
  await dev.close();
  return exit.ok;
}

function banner(io: Io, root: string, agents: readonly string[]): string {
  return [
    paint(io, "yellow", isolationWarning),
    `con dev: ready, agents: ${agents.join(", ")}`,
    `  drop a task:   echo 'What agents are running?' > ${root}/inbox/hello.task`,
    `  or:            con --root ${root} task --wait 'What agents are running?'`,
    `  look:          con --root ${root} status`,
    `  configuration: ${root}/etc (start again after a change); Ctrl-C ends it`,
    "",
  ].join("\n");
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener("abort", () => done(), { once: true }));
}
