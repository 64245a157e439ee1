/** Whether a graph of parts can be worked off: every reason why not, for the model to mend all at once. Pure. */
import { type Goal, maxDepth, maxParts, type PartPlan } from "./types.ts";

/** Who there is to do parts. */
export interface Helpers {
  readonly agents: readonly { readonly name: string; readonly reachable: boolean }[];
  /** Roles of temporary agents that may be made; null = none may. */
  readonly roles: readonly string[] | null;
}

/** `kept` are parts of earlier graphs that are done: they may be depended on. */
export function checkGraph(
  parts: readonly PartPlan[],
  kept: Goal["parts"],
  helpers: Helpers,
): string[] {
  const ids = parts.map(({ id }) => id);
  const known = new Set([...ids, ...kept.map(({ id }) => id)]);
  const twice = [...new Set(ids.filter((id, at) => ids.indexOf(id) !== at))];
  const reasons = [
    ...(parts.length > maxParts ? [`${parts.length} parts: at most ${maxParts}`] : []),
    ...twice.map((id) => `part ${id}: there are several of that id`),
    ...kept.filter(({ id }) => ids.includes(id)).map(({ id }) => `part ${id}: is done already`),
    ...parts.flatMap((part) => faultsOf(part, known, helpers)),
  ];
  // With ids that are not clear, circles and lengths are not either.
  return twice.length > 0 ? reasons : [...reasons, ...shapeFaults(parts)];
}

function faultsOf(part: PartPlan, known: ReadonlySet<string>, helpers: Helpers): string[] {
  const missing = part.dependsOn.filter((id) => !known.has(id));
  const names = part.escalate.map(({ agent }) => agent);
  const targets = part.to.kind === "agent" ? [part.to.name, ...names] : names;
  return [
    ...missing.map((id) => `depends on ${id}, which is no part`),
    ...(part.dependsOn.includes(part.id) ? ["depends on itself"] : []),
    ...[...new Set(targets)].flatMap((name) => agentFault(name, helpers)),
    ...(part.to.kind === "role" ? roleFault(part.to.name, helpers) : []),
  ].map((why) => `part ${part.id}: ${why}`);
}

function agentFault(name: string, { agents }: Helpers): string[] {
  const found = agents.find((agent) => agent.name === name);
  if (found?.reachable === true) return [];
  const may = agents.filter(({ reachable }) => reachable).map((agent) => agent.name);
  const list = may.length === 0 ? "you may task no agent" : `you may task: ${may.join(", ")}`;
  return [`${found === undefined ? "there is no agent" : "you may not task"} ${name} (${list})`];
}

function roleFault(name: string, { roles }: Helpers): string[] {
  if (roles === null) return ["you may make no temporary agents: name an agent"];
  return roles.includes(name) ? [] : [`there is no role ${name} (roles: ${roles.join(", ")})`];
}

/** Circles, and rows that are too long. */
function shapeFaults(parts: readonly PartPlan[]): string[] {
  const byId = new Map(parts.map((part) => [part.id, part]));
  const depths = new Map<string, number>();
  let left = parts.filter(({ id, dependsOn }) => !dependsOn.includes(id));
  for (;;) {
    const free = left.filter(({ dependsOn }) =>
      dependsOn.every((id) => !byId.has(id) || depths.has(id)),
    );
    if (free.length === 0) break;
    const found = free.map(({ id, dependsOn }) => {
      const below = dependsOn.map((one) => depths.get(one) ?? 0);
      return [id, 1 + Math.max(0, ...below)] as const;
    });
    for (const [id, depth] of found) depths.set(id, depth);
    left = left.filter((part) => !free.includes(part));
  }
  const deepest = Math.max(0, ...depths.values());
  return [
    ...(left.length === 0
      ? []
      : [`they wait for each other: ${left.map(({ id }) => id).join(", ")}`]),
    ...(deepest > maxDepth ? [`${deepest} parts wait in a row: at most ${maxDepth}`] : []),
  ];
}
