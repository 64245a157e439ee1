/**
 * The tools of one attempt: those that con ships and the manifest grants, and those of sources.
 *
 * Others plug their sources in by `AttemptWorld.sources`; one is asked only where a grant names it. Every tool, whoever
 * made it, runs only after the audit trail has its call. Never: throws for what a source does.
 */
import { randomBytes } from "node:crypto";
import type { ValidateArguments } from "../agent/arguments.ts";
import type { RunClock } from "../agent/run.ts";
import { type Described, plainToolbox, type Toolbox } from "../agent/toolbox/plain.ts";
import { indexedToolbox } from "../agent/toolbox/toolbox.ts";
import { type View, viewOf } from "../agent/toolbox/view.ts";
import type { AgentRuntime } from "../config/runtime.ts";
import { isSourceTool, toolsMeet } from "../config/tool-groups.ts";
import { coreTools, toolCategories } from "../tools/registry.ts";
import type { ToolSource } from "../tools/source.ts";
import { withRoles } from "../tools/spawn.ts";
import type { Tool } from "../tools/tool.ts";
import { recorded } from "./audit/recorded.ts";
import type { AuditTrail } from "./audit.ts";
import { isGranted } from "./constraints.ts";
import { agentAt, windowsOf } from "./policy.ts";

export interface ToolkitWorld {
  readonly agent: AgentRuntime;
  readonly now: () => number;
  readonly clock: Pick<RunClock, "deadline">;
  /** All tools that come with con; the manifest says which of them this agent has. */
  readonly tools: readonly Tool[];
  /** Where other tools come from; the manifest says which of them this agent has. */
  readonly sources?: readonly ToolSource[];
  readonly validate: ValidateArguments;
  readonly trail?: AuditTrail;
}

export interface Toolkit {
  /** Those that come with con. */
  readonly tools: readonly Tool[];
  readonly toolbox: Toolbox;
}

export async function createToolkit(world: ToolkitWorld): Promise<Toolkit> {
  const { agent, trail } = world;
  const wrap = (tool: Tool): Tool => (trail === undefined ? tool : recorded(tool, trail));
  const tools = grantedTools(world)
    .map((tool) => withRoles(tool, agent.roles ?? []))
    .map(wrap);
  const view = viewOf(categoriesOf(tools), coreTools, windowsOf(agent).window?.context ?? null);
  return { tools, toolbox: await toolboxOf(world, view, wrap) };
}

const toolsNow = ({ agent, now }: Pick<ToolkitWorld, "agent" | "now">): readonly string[] =>
  agentAt(agent, now()).can.tools;

export const grantedTools = (world: Pick<ToolkitWorld, "agent" | "now" | "tools">): Tool[] => {
  const granted = toolsNow(world);
  return world.tools.filter(({ name }) => granted.includes(name));
};

/** In their order; what no category names is one of its own. */
function categoriesOf(tools: readonly Tool[]): { name: string; tools: Tool[] }[] {
  const named = toolCategories().map((category) => {
    const names = category.tools.map(({ name }) => name);
    return { name: category.name, tools: tools.filter(({ name }) => names.includes(name)) };
  });
  const known = new Set(named.flatMap((category) => category.tools));
  return [...named, { name: "other", tools: tools.filter((tool) => !known.has(tool)) }];
}

async function toolboxOf(
  world: ToolkitWorld,
  view: View,
  wrap: (tool: Tool) => Tool,
): Promise<Toolbox> {
  const { agent, now, clock, validate, sources = [] } = world;
  const isGrantedIn = (category: string): boolean =>
    toolsNow(world).some((grant) => toolsMeet(grant, category));
  const mayCall = (name: string): boolean => isSourceTool(name) && isGranted(agent, name, now());
  if (view.folded.length === 0 && !sources.some(({ category }) => isGrantedIn(category)))
    return plainToolbox(view.full, validate, mayCall);
  return indexedToolbox({
    ...{ view, sources, clock, validate, wrap, isGrantedIn },
    isGranted: mayCall,
    isName: isSourceTool,
    nonce: () => randomBytes(16).toString("hex"),
  });
}

/** What the agent has, as far as is known, for whoever looks at it as a whole. */
export const describedIn = ({ toolbox }: Toolkit): Described[] =>
  toolbox.all().map(({ name, description, parameters }) => ({ name, description, parameters }));
