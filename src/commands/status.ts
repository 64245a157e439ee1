/**
 * `con status [NAME]`: every agent in one line, or one agent in full. Reads only.
 *
 * What the caller may not see is `?` (null in JSON); an idle agent runs no process, so "waiting"
 * means that systemd listens for it.
 */
import { nodeDisk } from "../system/disk.ts";
import { exit } from "../system/errors.ts";
import { heldBy, holdsOf } from "./shared/held.ts";
import { type Io, paint, processIo } from "./shared/io.ts";
import { knownAgent } from "./shared/known.ts";
import { type AgentOverview, calledBy, overviewOf } from "./shared/overview.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { devPlaces } from "./shared/places.ts";
import { readSpending, type Spend, spendOfAll, spendOfOne } from "./shared/spend.ts";
import { stateStyle, statesOf } from "./shared/states.ts";
import { isolationWarning, loadSystem, type System } from "./shared/system.ts";
import { duration, safeJson, safeLine, table } from "./shared/text.ts";
import { type AskUnits, askSystemd } from "./shared/units.ts";
import { waitLines } from "./shared/waits.ts";

const example = `Without NAME: one line for each agent. Counts are tasks in its folders; ? = you may not look.

Keys of --json: system {name, root, front_desk, isolation, state}, gateway {socket, state},
spend {day, usd, tokens, usd_per_day, tokens_per_day, with_children {usd, tokens} or null} or null: today
(UTC), calls under way included; with_children: together with temporary agents below it,
agents [{name, tier, description, model, schedule, wake, parent, runner, gpu, state, hold {kind, by, at, why, undo} or null,
pending, active, deferred, held, waits [{task, id, from, until, why}], corrupt, failed, answered, last_activity,
spend like above}].

Example:
  con status
  con status concierge --json | jq .agents[0].pending`;

interface Overview {
  readonly system: {
    readonly name: string;
    readonly root: string;
    readonly front_desk: string;
    readonly isolation: "kernel" | "none";
    readonly state: string;
  };
  readonly gateway: { readonly socket: string; readonly state: string };
  /** Of the whole system, root's own calls included. */
  readonly spend: Spend | null;
  readonly agents: readonly AgentStatus[];
}

interface AgentStatus extends AgentOverview {
  readonly spend: Spend | null;
}

export async function run(
  argv: string[],
  io: Io = processIo(),
  ask: AskUnits = askSystemd,
): Promise<number> {
  const command = newCommand("status", "Show how the system and its agents are.", example)
    .argument("[name]", "an agent")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const system = loadSystem(io.env);
  const [name] = command.args;
  const overview = await look(system, name, ask, io.now());
  if (command.opts<{ json?: boolean }>().json) io.out(safeJson(overview));
  else print(io, system, overview, name !== undefined);
  return exit.ok;
}

async function look(
  system: System,
  name: string | undefined,
  ask: AskUnits,
  now: number,
): Promise<Overview> {
  const { runtime } = system;
  const agents = name === undefined ? runtime.agents : [knownAgent(runtime, name)];
  const holds = holdsOf(system.dev);
  const compiled = system.dev ? devPlaces(runtime.root).compiled : undefined;
  const spending = await readSpending(now, compiled);
  const states = await statesOf(system, ask);
  return {
    system: {
      name: runtime.name,
      root: runtime.root,
      front_desk: runtime.frontDesk,
      isolation: system.dev ? "none" : "kernel",
      state: states.system,
    },
    gateway: { socket: runtime.gateway, state: states.gateway },
    spend: spending.system,
    agents: agents.map((agent) => ({
      ...overviewOf(nodeDisk, runtime, agent, states.agent, heldBy(holds, agent)),
      spend: spending.agent(agent),
    })),
  };
}

function print(io: Io, system: System, overview: Overview, isOne: boolean): void {
  if (system.dev) io.out(`${paint(io, "yellow", isolationWarning)}\n`);
  const { name, root, state } = overview.system;
  io.out(`${safeLine(name)} at ${safeLine(root)}: ${state}, gateway ${overview.gateway.state}\n\n`);
  const [first] = overview.agents;
  if (first === undefined) io.out("no agents; see agents.d in the configuration\n");
  else if (isOne) printOne(io, first);
  else printAll(io, overview.agents);
  io.out(isOne ? spendOfOne(overview.agents) : spendOfAll(overview.spend, overview.agents));
  for (const agent of overview.agents) printHold(io, agent);
  for (const { name, waits } of overview.agents) io.out(waitLines(name, waits));
}

function printHold(io: Io, { name, hold }: AgentOverview): void {
  if (hold === null) return;
  const { kind, by, why, undo } = hold;
  const because = safeLine(why) || "nobody said why";
  io.out(`\n${name} is ${kind} by ${safeLine(by)}: ${because}: ${undo}\n`);
}

const counts = ["pending", "active", "deferred", "held", "corrupt", "failed"] as const;

const show = (count: number | null): string => (count === null ? "?" : String(count));

function printAll(io: Io, agents: readonly AgentOverview[]): void {
  const rows = agents.map((agent) => [
    calledBy(agent),
    agent.tier,
    paint(io, stateStyle(agent.state), agent.state),
    ...counts.map((key) => show(agent[key])),
    ago(io, agent.last_activity),
  ]);
  const head = ["AGENT", "TIER", "STATE", ...counts.map((key) => key.toUpperCase()), "LAST"];
  io.out(table(head, rows));
}

function printOne(io: Io, agent: AgentStatus): void {
  const { hold: _, waits: __, spend: ___, ...shown } = agent;
  const rows = Object.entries(shown).map(([key, value]) => {
    const text =
      value === null && key in { schedule: 0, last_activity: 0, parent: 0 } ? "none" : value;
    return [key.replace("_", " "), text === null ? "?" : safeLine(String(text))];
  });
  const [head = ["name", agent.name], ...rest] = rows;
  io.out(table(head, rest));
}

function ago(io: Io, at: string | null): string {
  return at === null ? "-" : `${duration(io.now() - Date.parse(at))} ago`;
}
