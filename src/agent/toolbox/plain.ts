/** What the loop knows of tools, and the simple case: every tool in full. Pure. */
import type { ToolSpec } from "../../model/types.ts";
import type { Tool } from "../../tools/tool.ts";
import type { ValidateArguments } from "../arguments.ts";

/** `source`: not con, and trusted as much as the agent itself. */
export type Origin = "con" | "source" | "untrusted";

export interface Toolbox {
  /** What the model is shown. */
  readonly specs: readonly ToolSpec[];
  /** The tool of that whole name as it is now, or null. Never throws. */
  readonly find: (name: string) => Promise<Tool | null>;
  /** Null when `args` fit the schema of `tool`, else what is wrong, in words. */
  readonly check: (tool: Tool, args: unknown) => Promise<string | null>;
  /** Who made a tool of that name: what others wrote is data. */
  readonly originOf: (name: string) => Origin;
  /** Whether a grant covers the name of a tool that con does not ship. */
  readonly isGranted: (name: string) => boolean;
  /** Why there is no tool of that name, and what is near to it. */
  readonly missing: (name: string) => Promise<string>;
  /** All that it has, as far as is known at this moment. */
  readonly all: () => readonly Described[];
}

export type Described = Pick<Tool, "name" | "description" | "parameters">;

export const specOf = ({ name, description, parameters }: Described): ToolSpec => ({
  type: "function",
  function: { name, description, parameters },
});

/** Every tool in full, and no source. */
export function plainToolbox(
  tools: readonly Tool[],
  validate: ValidateArguments,
  isGranted: Toolbox["isGranted"] = () => false,
): Toolbox {
  const known = tools.map(({ name }) => name).join(", ");
  return {
    specs: tools.map(specOf),
    find: async (name) => tools.find((tool) => tool.name === name) ?? null,
    check: async (tool, args) => validate(tool.name, args),
    originOf: () => "con",
    isGranted,
    missing: async (name) => `there is no tool ${JSON.stringify(name)}. The tools are: ${known}.`,
    all: () => tools,
  };
}
