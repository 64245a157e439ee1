/**
 * Which tools a model sees in full, and which only by name. Pure: the same for an agent from task to task, as long
 * as its configuration and its grants are the same.
 */
import type { Tool } from "../../tools/tool.ts";

type Described = Pick<Tool, "name" | "description" | "parameters">;

export interface ViewedCategory<T = Tool> {
  readonly name: string;
  readonly tools: readonly T[];
}

export interface View<T = Tool> {
  readonly full: readonly T[];
  /** Of each category what stands in the index only; none where everything is seen in full. */
  readonly folded: readonly ViewedCategory<T>[];
}

/** Descriptions and schemas may take so much together, and so much of the window. */
const mostTokens = 3000;
const mostShare = 0.08;
/** Less is not worth the two calls that a folded tool may take. */
const leastGain = 700;

/** English words and JSON have four bytes a token; nobody loads a tokenizer for this. */
const tokensOf = ({ name, description, parameters }: Described): number =>
  Math.ceil(Buffer.byteLength(JSON.stringify({ name, description, parameters })) / 4);

const sum = (tools: readonly Described[]): number =>
  tools.reduce((all, tool) => all + tokensOf(tool), 0);

/** `window`: tokens of the model's window, or null. */
export function viewOf<T extends Described>(
  categories: readonly ViewedCategory<T>[],
  core: ReadonlySet<string>,
  window: number | null,
): View<T> {
  const all = categories.flatMap(({ tools }) => tools);
  const others = categories.map(({ name, tools }) => ({
    name,
    tools: tools.filter((tool) => !core.has(tool.name)),
  }));
  const most = Math.min(mostTokens, mostShare * (window ?? Infinity));
  const gain = sum(others.flatMap(({ tools }) => tools));
  if (sum(all) <= most || gain < leastGain) return { full: all, folded: [] };
  return {
    full: all.filter(({ name }) => core.has(name)),
    folded: others.filter(({ tools }) => tools.length > 0),
  };
}
