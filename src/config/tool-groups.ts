/**
 * Names in `can.tools` that stand for several tools, and those of tools that con does not ship. Pure.
 *
 * `forged`, `shared` and `mcp.SERVER` cover whatever tool their source has now or later, `forged.NAME`, `shared.NAME` and
 * `mcp.SERVER.TOOL` one of them. All bounds and rules that cover a tool hold for it, those of its category too.
 */

const groups: Readonly<Record<string, readonly string[]>> = {
  memory: ["remember", "recall", "forget", "verify", "memories"],
  data: ["sql", "import_data", "vectors"],
  web: ["fetch_webpage", "search_web"],
};

/** The tools that `name` stands for; a tool stands for itself. */
export const toolsNamed = (name: string): readonly string[] =>
  Object.hasOwn(groups, name) ? (groups[name] ?? []) : [name];

/** Each once. */
export const allToolsNamed = (names: readonly string[]): string[] => [
  ...new Set(names.flatMap(toolsNamed)),
];

const category = "forged|shared|mcp\\.[a-z][a-z0-9_-]{0,30}";
const isCategory = new RegExp(`^(?:${category})$`);
const ofSource = new RegExp(`^(?:${category})\\.[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`);

/** Whether a tool of a source may be named so; schemas of manifests have the same pattern. */
export const isSourceTool = (name: string): boolean => ofSource.test(name);

/** The same, or the category of it. */
export const toolCovers = (grant: string, tool: string): boolean =>
  grant === tool || (isCategory.test(grant) && tool.startsWith(`${grant}.`));

/** One of them covers the other. */
export const toolsMeet = (one: string, other: string): boolean =>
  toolCovers(one, other) || toolCovers(other, one);

/** The narrower of two entries of `can.tools`, or null where they have nothing in common. */
export function narrowerTool(held: string, wanted: string): string | null {
  if (toolCovers(held, wanted)) return wanted;
  return toolCovers(wanted, held) ? held : null;
}
