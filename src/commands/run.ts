/**
 * `con run NAME`: what the unit of an agent runs. Reads compiled configuration only, and works through
 * the agent's queue until it is empty.
 *
 * Never: runs as somebody else than the agent; files of another owner would lock the agent out.
 */
import { join, resolve } from "node:path";
import { readAgent, readSystem } from "../config/compiled.ts";
import { holdOf, readHolds } from "../config/holds.ts";
import type { SystemRuntime } from "../config/runtime.ts";
import { runAgent } from "../runner/program.ts";
import { ConError, exit } from "../system/errors.ts";

const help = `Usage: con run NAME

Runs the tasks in the queue of agent NAME until none is left. This is what con@NAME.service
starts; you only need it to see a runner's log on your terminal.

Example:
  runuser -u a-concierge -- con run concierge
`;

export async function run(argv: string[]): Promise<number> {
  if (argv.includes("--help") || argv.includes("-h")) {
    process.stdout.write(help);
    return exit.ok;
  }
  const [name, ...rest] = argv;
  if (name === undefined || rest.length > 0 || name.startsWith("-"))
    throw new ConError(exit.usage, "run", "takes the name of one agent", "see con run --help");
  const dev = developmentRoot(process.env);
  const compiled = dev === null ? undefined : join(dev, ".con", "compiled");
  const system = readSystem(compiled);
  requireKnown(system, name);
  const agent = readAgent(name, compiled);
  requireOwnUser(name, agent.uid);
  if (dev === null) requireFree(name, agent.tier);
  const isolation = dev === null ? "bwrap" : "none";
  return runAgent({ system, agent, isolation, stop: stopSignal() });
}

/** `con --root DIR` names a directory of `con dev`, which has no isolation. */
function developmentRoot(env: NodeJS.ProcessEnv): string | null {
  const root = env["CON_ROOT"];
  return root === undefined || root === "" ? null : resolve(root);
}

function requireKnown(system: SystemRuntime, name: string): void {
  const names = system.agents.map((agent) => agent.name);
  if (names.includes(name)) return;
  const remedy = `the agents are: ${names.join(", ") || "none"}`;
  throw new ConError(exit.badInput, `agent ${name}`, "there is no such agent", remedy);
}

function requireOwnUser(name: string, uid: number): void {
  if (process.geteuid?.() === uid) return;
  const remedy = `systemctl start con@${name}, or runuser -u a-${name} -- con run ${name}`;
  throw new ConError(exit.permission, `run ${name}`, `only user ${uid} may be this agent`, remedy);
}

/** The unit's own conditions say the same; this is for whoever starts it by hand. */
function requireFree(name: string, tier: string): void {
  const hold = holdOf(readHolds(), { name, tier });
  if (hold === null) return;
  const why = `it is ${hold.kind} by ${hold.by.name} since ${hold.at}`;
  const remedy = hold.kind === "halted" ? "con resume" : `con agent resume ${name}`;
  throw new ConError(exit.tryLater, `run ${name}`, why, remedy);
}

/** SIGTERM from systemd, SIGINT from a terminal: end soon, lose nothing. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const)
    process.once(name, () => controller.abort(name));
  return controller.signal;
}
