/**
 * `con top`: all agents in a table that refreshes, who does most on top. Reads only, by the rules of `con status`.
 *
 * Never: starts a process for each agent, or leaves the terminal other than it was. After a crash nothing remains.
 */
import { nodeDisk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { type Io, paint, processIo } from "./shared/io.ts";
import { newCommand, parse, wholeNumber } from "./shared/parse.ts";
import { loadSystem } from "./shared/system.ts";
import { safeJson } from "./shared/text.ts";
import { askSystemd } from "./shared/units.ts";
import { everyTurn, watch } from "./top/live.ts";
import { type Before, look, realMachine, type World } from "./top/look.ts";
import { createMeters } from "./top/meters.ts";
import type { Screen } from "./top/screen.ts";
import { openTerminal } from "./top/terminal.ts";
import type { Turn } from "./top/types.ts";
import { type Paint, viewOf } from "./top/view.ts";

const example = `On a terminal until q or Ctrl-C; elsewhere, and with --once, one table. ? = you may not look, - = there is none, or the
kernel does not say. FOR: how long it works on TASK, or is stopped. CPU%: of one core, since the turn before; TIME: CPU time since its unit started;
MEM: of that unit. What runs in a sandbox of its own is not in them. WAIT, RUN, DEFER, HELD: tasks. TOKENS and USD:
today (UTC), with temporary agents below it, and the limit of the day if there is one.

Keys of --json: at, system {name, isolation, state}, gateway {state}, halted (agents, workers or null), spend as in con status
or null, machine {load, cores, memory_bytes, memory_available_bytes}, totals {agents, working, pending, active, deferred, held},
agents [{name, tier, parent, state, hold, pending, active, deferred, held, spend (these as in con status),
task {id, since} or null, step, cpu_usec, cpu_pct, memory_bytes}], in the table's order. With --interval as well:
one such object on a line for each turn, until stopped.

Example:
  con top
  con top --once --json | jq '.agents[] | select(.state == "working") | .task'
  con top --json -n 10 >> top.jsonl`;

interface Options {
  readonly interval?: number;
  readonly once?: true;
  readonly json?: true;
}

const defaultSeconds = 2;
const mostSeconds = 86_400;

export async function run(
  argv: string[],
  io: Io = processIo(),
  world: World = realWorld(io),
  open: () => Screen = openTerminal,
): Promise<number> {
  const seconds = wholeNumber("--interval", 1);
  const command = newCommand("top", "Show who does what, again and again.", example)
    .option("-n, --interval <seconds>", "time between turns (default: 2)", seconds)
    .option("--once", "print one table and end")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { interval, once, json } = command.opts<Options>();
  refuse(interval, once);
  const next = turns(world, io);
  if (json) await printJson(io, next, interval);
  else if (once || !canRedraw(io)) io.out(viewOf(await next(), painter(io), null));
  else {
    const first = await next();
    const show = (turn: Turn, screen: Screen) =>
      screen.draw(viewOf(turn, painter(io), screen.room()));
    await watch({ first, next, show, open, pauseMs: pauseOf(interval), stop: io.interrupted() });
  }
  return exit.ok;
}

function refuse(interval: number | undefined, once: true | undefined): void {
  const usage = (why: string, remedy: string) => new ConError(exit.usage, "top", why, remedy);
  if (interval !== undefined && once) throw usage("--once has no interval", "give one of them");
  if ((interval ?? 0) > mostSeconds) throw usage("that is more than a day", "use a timer");
}

const canRedraw = (io: Io): boolean => io.terminal.out && io.env["TERM"] !== "dumb";

const pauseOf = (interval: number | undefined): number => (interval ?? defaultSeconds) * 1000;

async function printJson(
  io: Io,
  next: () => Promise<Turn>,
  interval: number | undefined,
): Promise<void> {
  if (interval === undefined) return io.out(safeJson(await next()));
  const print = (turn: Turn): void => io.out(safeJson(turn, 0));
  const pauseMs = pauseOf(interval);
  await everyTurn({ first: await next(), next, show: print, pauseMs, stop: io.interrupted() });
}

/** Each reads the configuration anew: agents come and go. */
function turns(world: World, io: Io): () => Promise<Turn> {
  let before: Before | null = null;
  return async () => {
    const { turn, after } = await look(world, loadSystem(io.env), before);
    before = after;
    return turn;
  };
}

const painter =
  (io: Io): Paint =>
  (style, text) =>
    paint(io, style, text);

const realWorld = (io: Io): World => ({
  disk: nodeDisk,
  ask: askSystemd,
  now: io.now,
  meters: () => createMeters(),
  machine: realMachine,
});
