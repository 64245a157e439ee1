/** Names in `can.tools` that stand for several tools. Pure. */

const groups: Readonly<Record<string, readonly string[]>> = {
  memory: ["remember", "recall", "forget", "verify", "memories"],
};

/** The tools that `name` stands for; a tool stands for itself. */
export const toolsNamed = (name: string): readonly string[] =>
  Object.hasOwn(groups, name) ? (groups[name] ?? []) : [name];

/** Each once. */
export const allToolsNamed = (names: readonly string[]): string[] => [
  ...new Set(names.flatMap(toolsNamed)),
];
