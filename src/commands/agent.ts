/** `con agent list|show NAME`: which agents there are, and what one may do. Reads only. */
import { compiledDirectory, readAgent } from "../config/compiled.ts";
import type { AgentEntry, AgentRuntime } from "../config/types.ts";
import { ConError, exit } from "../system/errors.ts";
import { type Io, processIo } from "./shared/io.ts";
import { knownAgent } from "./shared/known.ts";
import { nearest } from "./shared/nearest.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { devPlaces } from "./shared/places.ts";
import { loadSystem, type System } from "./shared/system.ts";
import { safeJson, safeLine, table } from "./shared/text.ts";

const example = `Keys of --json: list agents [{name, uid, tier, description, model, schedule, wake}]; show the same
for one agent, and grants {task, read, write, network, tools}, limits {memory, cpu, tasks,
runtimeSeconds, steps}, skills [names]. The last three are null for who may not read them.

Example:
  con agent list
  con agent show concierge`;

const verbs = ["list", "show"] as const;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("agent", "List agents, or show one in full.", example)
    .argument("<verb>", "list or show")
    .argument("[name]", "an agent, for show")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const [verb = "", name] = command.args;
  const { json = false } = command.opts<{ json?: boolean }>();
  const system = loadSystem(io.env);
  if (verb === "list" && name === undefined) return list(io, system, json);
  if (verb === "show" && name !== undefined) return show(io, system, name, json);
  throw misuse(verb);
}

function misuse(verb: string): ConError {
  const see = "see con agent --help";
  if (verb === "list") return new ConError(exit.usage, "agent list", "it takes no name", see);
  if (verb === "show") return new ConError(exit.usage, "agent show", "which agent?", see);
  const guess = nearest(verb, verbs);
  const remedy = guess === null ? see : `did you mean con agent ${guess}? ${see}`;
  return new ConError(exit.usage, `agent ${verb}`, "there is no such command", remedy);
}

function list(io: Io, { runtime }: System, json: boolean): number {
  if (json) io.out(safeJson({ agents: runtime.agents }));
  else {
    const rows = runtime.agents.map((agent) => [
      agent.name,
      agent.tier,
      agent.model,
      agent.schedule ?? "-",
      safeLine(agent.description),
    ]);
    io.out(table(["AGENT", "TIER", "MODEL", "SCHEDULE", "DESCRIPTION"], rows));
  }
  return exit.ok;
}

function show(io: Io, system: System, name: string, json: boolean): number {
  const entry = knownAgent(system.runtime, name);
  const runtime = runtimeOf(io, system, entry.name);
  if (json) io.out(safeJson(details(entry, runtime)));
  else io.out(table(["name", entry.name], rows(entry, runtime)));
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

const details = (entry: AgentEntry, runtime: AgentRuntime | null) => ({
  ...entry,
  grants: runtime?.can ?? null,
  limits: runtime?.limits ?? null,
  skills: runtime?.skills.map(({ name }) => name) ?? null,
});

function rows(entry: AgentEntry, runtime: AgentRuntime | null): string[][] {
  const { description, tier, model, uid, schedule, wake } = entry;
  const words = (list: readonly string[]) => list.map(safeLine).join(", ") || "nothing";
  const own = [
    ["description", safeLine(description)],
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
    ["skills", words(skills.map(({ name }) => name))],
    ["memory", limits.memory],
    ["cpu", limits.cpu],
    ["processes", String(limits.tasks)],
    ["time a task", `${limits.runtimeSeconds} s`],
    ["steps a task", String(limits.steps)],
  ];
}
