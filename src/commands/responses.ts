/**
 * `con responses [NAME]`: the latest answers of one agent or of all. Reads only; what an agent put
 * into its outbox that is not a plain file of its own is skipped and named on standard error.
 */
import { join } from "node:path";
import type { AgentEntry, SystemRuntime } from "../config/runtime.ts";
import { agentPaths } from "../spool/layout.ts";
import { errnoOf, nodeDisk } from "../system/disk.ts";
import { exit } from "../system/errors.ts";
import { denied, joinTrusted } from "./shared/access.ts";
import { type Io, paint, processIo } from "./shared/io.ts";
import { knownAgent } from "./shared/known.ts";
import { newCommand, parse, wholeNumber } from "./shared/parse.ts";
import { listVisible, readOwned } from "./shared/read.ts";
import { decodeRecord } from "./shared/record.ts";
import { loadSystem } from "./shared/system.ts";
import { cut, safeJson, safeLine, safeText } from "./shared/text.ts";

const example = `The newest answer comes last. Long answers are cut; con show ID prints all of one.

Keys of --json: a list of {id, agent, status, finished_at, answer, path}; answers are not cut.

Example:
  con responses
  con responses sysadmin -n 3`;

/** Keys of `con responses --json`: public interface, change only by adding. */
interface Item {
  readonly id: string;
  readonly agent: string;
  /** null while the record is not written yet, or is not readable. */
  readonly status: string | null;
  readonly finished_at: string;
  readonly answer: string;
  readonly path: string;
}

const shownCharacters = 2000;
const suffix = ".response";

interface Candidate {
  readonly agent: AgentEntry;
  readonly id: string;
  readonly outbox: string;
  readonly time: number;
}

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("responses", "Show the latest answers.", example)
    .argument("[name]", "an agent; default: all")
    .option("-n, --number <n>", "how many", wholeNumber("--number", 1), 10)
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<{ number: number; json?: boolean }>();
  const system = loadSystem(io.env).runtime;
  const [name] = command.args;
  const agents = name === undefined ? system.agents : [knownAgent(system, name)];
  const items = latest(io, system, agents, options.number);
  if (options.json) io.out(safeJson(items));
  else print(io, items);
  return exit.ok;
}

function latest(
  io: Io,
  system: SystemRuntime,
  agents: readonly AgentEntry[],
  limit: number,
): Item[] {
  const candidates = collect(io, system, agents).sort((a, b) => b.time - a.time);
  const items: Item[] = [];
  for (const candidate of candidates) {
    if (items.length === limit) break;
    const item = readItem(io, candidate);
    if (item !== null) items.push(item);
  }
  return items.reverse();
}

/** Fails with 77 when no outbox at all may be read; tells of those that may not. */
function collect(io: Io, system: SystemRuntime, agents: readonly AgentEntry[]): Candidate[] {
  const candidates: Candidate[] = [];
  const hidden: string[] = [];
  for (const agent of agents) {
    const { outbox } = agentPaths(system.root, agent.name);
    const names = listVisible(nodeDisk, outbox);
    if (names === null) hidden.push(agent.name);
    for (const name of names ?? [])
      if (name.endsWith(suffix)) {
        const time = timeOf(join(outbox, name));
        const id = name.slice(0, -suffix.length);
        if (time !== null) candidates.push({ agent, id, outbox, time });
      }
  }
  if (hidden.length > 0 && hidden.length === agents.length)
    throw denied("responses", `the outbox of ${hidden.join(", ")}`, joinTrusted);
  if (hidden.length > 0)
    io.err(`con: not shown, because you may not read them: ${hidden.join(", ")}\n`);
  return candidates;
}

function timeOf(path: string): number | null {
  try {
    return Number(nodeDisk.lstat(path).mtimeMs);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

function readItem(io: Io, { agent, id, outbox, time }: Candidate): Item | null {
  const path = join(outbox, id + suffix);
  const answer = readOwned(nodeDisk, path, agent.uid);
  if (answer.kind !== "text") {
    const why = answer.kind === "refused" ? answer.why : answer.kind;
    if (answer.kind !== "missing") io.err(`con: skipped ${safeLine(path)}: ${safeLine(why)}\n`);
    return null;
  }
  const record = readOwned(nodeDisk, join(outbox, `${id}.json`), agent.uid);
  const decoded = record.kind === "text" ? decodeRecord(record.text) : null;
  return {
    id,
    agent: agent.name,
    status: decoded?.status ?? null,
    finished_at: decoded?.finished_at || new Date(time).toISOString(),
    answer: answer.text,
    path,
  };
}

function print(io: Io, items: readonly Item[]): void {
  if (items.length === 0) io.err("con: no answers yet\n");
  for (const { agent, id, status, finished_at, answer } of items) {
    const head = safeLine(`${agent} ${id} ${status ?? "?"} ${finished_at}`);
    io.out(`${paint(io, "bold", `== ${head}`)}\n${safeText(cut(answer, shownCharacters))}\n`);
  }
}
