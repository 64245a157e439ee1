/** `con agent list|show NAME`: which agents there are, what one does and may do. Reads only. */
import { defaultArchive } from "../../config/archive.ts";
import { compiledDirectory, readAgent } from "../../config/compiled.ts";
import type { AgentEntry, AgentRuntime } from "../../config/runtime.ts";
import { ConError, exit } from "../../system/errors.ts";
import { type Held, heldBy, holdsOf } from "../shared/held.ts";
import type { Io } from "../shared/io.ts";
import { knownAgent } from "../shared/known.ts";
import { calledBy, stateOf } from "../shared/overview.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { devPlaces } from "../shared/places.ts";
import { loadSystem, type System } from "../shared/system.ts";
import { safeJson, safeLine, table } from "../shared/text.ts";
import { type AskUnits, askSystemd } from "../shared/units.ts";

const keys = `state is running, idle, paused, quarantined, halted, failed, stopped or unknown; held is null or {kind, by,
at, why, undo}: what stops it on purpose, and the command that ends it.`;

const listExample = `Keys of --json: agents [{name, uid, tier, description, model, schedule, wake, parent, state, held}]; parent is null, or
who made this temporary agent.
${keys}

Example:
  con agent list`;

export async function listAgents(
  argv: readonly string[],
  io: Io,
  ask: AskUnits = askSystemd,
): Promise<number> {
  const command = newCommand("agent list", "List agents.", listExample).option(
    "--json",
    "print JSON",
  );
  if (parse(command, argv, io) === "help") return exit.ok;
  const system = loadSystem(io.env);
  const agents = await withState(system, system.runtime.agents, ask);
  if (command.opts<{ json?: boolean }>().json) io.out(safeJson({ agents }));
  else {
    const rows = agents.map((agent) => [
      calledBy(agent),
      agent.tier,
      agent.state,
      agent.model,
      agent.schedule ?? "-",
      safeLine(agent.description),
    ]);
    io.out(table(["AGENT", "TIER", "STATE", "MODEL", "SCHEDULE", "DESCRIPTION"], rows));
  }
  return exit.ok;
}

type Stated = Omit<AgentEntry, "parent"> & {
  readonly parent: string | null;
  readonly state: string;
  readonly held: Held | null;
};

/** What holds an agent says more than that its units are stopped. */
export async function withState(
  { dev }: System,
  agents: readonly AgentEntry[],
  ask: AskUnits,
): Promise<Stated[]> {
  const holds = holdsOf(dev);
  const units = dev || agents.length === 0 ? null : await ask();
  return agents.map((agent) => {
    const held = heldBy(holds, agent);
    const state = stateOf(units, agent.name);
    const word = { working: "running", waiting: "idle" }[state as string] ?? state;
    return { ...agent, parent: agent.parent ?? null, state: held?.kind ?? word, held };
  });
}

const showExample = `Keys of --json: name, uid, tier, description, model, schedule, wake, parent, state, held, grants {task, read, write,
network, tools, models}, limits {memory, cpu, tasks, runtimeSeconds, steps}, archive {versionBytes,
versionsPerFile, totalBytes, days}, skills [names]. The last four are null for who may not read them. ${keys}

Example:
  con agent show concierge`;

export async function showAgent(
  argv: readonly string[],
  io: Io,
  ask: AskUnits = askSystemd,
): Promise<number> {
  const command = newCommand("agent show", "Show an agent in full.", showExample)
    .argument("<name>", "an agent")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const system = loadSystem(io.env);
  const entry = knownAgent(system.runtime, command.args[0] ?? "");
  const [stated] = await withState(system, [entry], ask);
  const agent = stated ?? { ...entry, parent: entry.parent ?? null, state: "unknown", held: null };
  const runtime = runtimeOf(io, system, entry.name);
  if (command.opts<{ json?: boolean }>().json) io.out(safeJson(details(agent, runtime)));
  else io.out(table(["name", entry.name], rows(agent, runtime)));
  return exit.ok;
}

/** Its manifest is readable by the agent itself and by root; null for anybody else. */
function runtimeOf(io: Io, system: System, name: string): AgentRuntime | null {
  const dev = io.env["CON_ROOT"];
  const directory = system.dev && dev ? devPlaces(dev).compiled : compiledDirectory;
  try {
    return readAgent(name, directory);
  } catch (error) {
    if (error instanceof ConError && error.code === exit.permission) return null;
    throw error;
  }
}

const details = (agent: Stated, runtime: AgentRuntime | null) => ({
  ...agent,
  grants: runtime?.can ?? null,
  limits: runtime?.limits ?? null,
  archive: runtime === null ? null : archiveOf(runtime),
  skills: runtime?.skills.map(({ name }) => name) ?? null,
});

function rows(agent: Stated, runtime: AgentRuntime | null): string[][] {
  const { description, tier, model, uid, schedule, wake, state, held } = agent;
  const words = (list: readonly string[]) => list.map(safeLine).join(", ") || "nothing";
  const own = [
    ["description", safeLine(description)],
    ["state", state],
    ...(held === null ? [] : heldRows(held)),
    ...(agent.parent === null ? [] : [["made by", safeLine(agent.parent)]]),
    ["tier", tier],
    ["uid", String(uid)],
    ["model", model],
    ["schedule", schedule ?? "none"],
    ["woken by", wake === "path" ? "its inbox" : "a bell, or the sweep"],
  ];
  if (runtime === null) return [...own, ["grants", "?  (only root and the agent may read them)"]];
  const { can, limits, skills } = runtime;
  return [
    ...own,
    ["may task", words(can.task)],
    ["may read", words(can.read)],
    ["may write", words(can.write)],
    ["network", words(can.network)],
    ["tools", words(can.tools)],
    // A file of an earlier version has no such list.
    ["other models", words(can.models ?? [])],
    ["skills", words(skills.map(({ name }) => name))],
    ["memory", limits.memory],
    ["cpu", limits.cpu],
    ["processes", String(limits.tasks)],
    ["time a task", `${limits.runtimeSeconds} s`],
    ["steps a task", String(limits.steps)],
    ["archive", archiveWords(archiveOf(runtime))],
  ];
}

const archiveOf = ({ archive, retention }: AgentRuntime) => ({
  ...(archive ?? defaultArchive),
  days: retention?.archiveDays ?? null,
});

const mebibyte = 2 ** 20;

function archiveWords(of: ReturnType<typeof archiveOf>): string {
  const size = (bytes: number): string => `${bytes / mebibyte} MiB`;
  const time = of.days === null ? "for ever" : `for ${of.days} days`;
  return `${size(of.totalBytes)}, ${of.versionsPerFile} versions of a file up to ${size(of.versionBytes)}, ${time}`;
}

const heldRows = ({ by, at, why, undo }: Held): string[][] => [
  ["held by", `${safeLine(by)} since ${safeLine(at)}`],
  ["because", safeLine(why) || "nobody said why"],
  ["ends with", undo],
];
