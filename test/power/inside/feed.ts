/**
 * Drops tasks, a few under way at a time, and says of each when it is durable: written, synced, renamed, its directory
 * synced; every eighth by `con task`. Ends with the power.
 */
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { agents, baseOf, program, run, say } from "./machine.ts";

const pending = 6;
const pauseMs = 100;

export async function feed(boot: number): Promise<never> {
  say({ kind: "feeding" });
  for (let count = 0; ; count += 1) {
    while (waiting() >= pending) await sleep(pauseMs);
    const agent = agents[count % agents.length] ?? program;
    const drop = `p${pad(boot)}-${pad(count)}`;
    say({ kind: "drop", agent, drop });
    const id = count % 8 === 7 ? byCommand(agent, drop) : byRename(agent, drop, count);
    say({ kind: "durable", agent, drop, id });
  }
}

const pad = (value: number): string => String(value).padStart(4, "0");

const tasksIn = (directory: string): number =>
  fs.readdirSync(directory).filter((name) => name.endsWith(".task")).length;

const waiting = (): number =>
  agents.reduce(
    (sum, agent) =>
      sum + tasksIn(`${baseOf(agent)}/inbox`) + tasksIn(`${baseOf(agent)}/queue/active`),
    0,
  );

/** The effect is on disk before the tool says so, with a word that the command itself does not have. */
const order = (drop: string): string =>
  `run: echo ${drop} >>effects; sync effects; echo writ''ten ${drop}`;

function byRename(agent: string, drop: string, count: number): string {
  const inbox = `${baseOf(agent)}/inbox`;
  // Every other one belongs to a thread, whose turns are kept in the agent's memory.
  const head = count % 2 === 0 ? `---\nthread: thread-${count % 3}\n---\n` : "";
  const body = `${head}${order(drop)}\n`;
  const fd = fs.openSync(`${inbox}/.${drop}`, "wx", 0o640);
  fs.writeSync(fd, `${body}--- end ${Buffer.byteLength(body)}\n`);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  fs.renameSync(`${inbox}/.${drop}`, `${inbox}/${drop}.task`);
  const directory = fs.openSync(inbox, "r");
  fs.fsyncSync(directory);
  fs.closeSync(directory);
  return drop;
}

function byCommand(agent: string, drop: string): string {
  const { code, text } = run(["con", "task", "-a", agent, order(drop)]);
  if (code !== 0) throw new Error(`con task: ${code}: ${text}`);
  return text.trim();
}
