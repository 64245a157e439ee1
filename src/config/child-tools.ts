/**
 * The tools of a temporary agent, and how often it may call them. Pure.
 *
 * A tool whose calls are counted at the parent goes down only with a share, which the parent has counted as its
 * own. Never: gives a tool without the bounds that it has at the parent.
 */
import type { ChildOf } from "./order.ts";
import { narrow, type Part } from "./overlap.ts";
import { spawnTools } from "./spawn.ts";
import { narrowerTool, toolsMeet } from "./tool-groups.ts";
import type { ToolConstraint } from "./types.ts";

/** They ask the steward for what `may` allows, and a temporary agent may nothing. */
const officialTools: readonly string[] = [
  "commission_agent",
  "amend_agent",
  "retire_agent",
  "control_agent",
  "request_grant",
  "install_package",
  "propose_change",
  "share_tool",
  "review_change",
];

export interface ChildTools {
  readonly names: string[];
  readonly constraints: Readonly<Record<string, ToolConstraint>>;
  readonly lacks: string[];
}

/** `held` are those that the parent has now. */
export function childTools(held: readonly Part[], of: ChildOf, maySpawn: boolean): ChildTools {
  const { parent, role, order } = of;
  const useful = held.filter(
    ({ text }) => !officialTools.includes(text) && (maySpawn || !spawnTools.includes(text)),
  );
  const parts = narrow(narrow(useful, role.can.tools, narrowerTool), order.can.tools, narrowerTool);
  const allowed = parts.map(({ text }) => text);
  const given = parts.filter(({ text }) => mayGoDown(of, text));
  const names = given.map(({ text }) => text);
  const constraints = given.flatMap((part) => {
    const bounds = boundsOf(of, part);
    return bounds === null ? [] : [[part.text, bounds] as const];
  });
  const wanted = [...new Set([...(order.can.tools ?? []), ...Object.keys(order.share)])];
  const asked = wanted.filter((tool) => tool !== "*" && !allowed.includes(tool)).sort();
  return {
    names,
    constraints: Object.fromEntries(constraints),
    lacks: [
      ...asked.map(
        (tool) =>
          `tool ${tool}: ${parent.name} has it not, or role ${order.role} does not allow it`,
      ),
      ...allowed
        .filter((tool) => !names.includes(tool))
        .map(
          (tool) => `tool ${tool}: its calls are counted at ${parent.name}, so it needs a share`,
        ),
    ],
  };
}

/** A grant that meets a counted one goes down only if it is that one itself, with a share of it. */
function mayGoDown(of: ChildOf, tool: string): boolean {
  const counted = Object.entries(of.parent.constraints.tools).flatMap(
    ([name, { uses, perMinute }]) =>
      (uses ?? perMinute ?? null) !== null && toolsMeet(name, tool) ? [name] : [],
  );
  return (
    counted.every((name) => name === tool) && (counted.length === 0 || shareOf(of, tool) !== null)
  );
}

/** Null: none that is worth anything. */
function shareOf({ order }: ChildOf, tool: string): number | null {
  const share = Object.hasOwn(order.share, tool) ? order.share[tool] : undefined;
  return share !== undefined && Number.isInteger(share) && share >= 1 ? share : null;
}

function boundsOf(of: ChildOf, { text, until: end }: Part): ToolConstraint | null {
  const { perMinute = null, uses = null } = of.parent.constraints.tools[text] ?? {};
  const share = shareOf(of, text);
  const until = end === Infinity ? null : end;
  if (perMinute === null && share === null && until === null) return null;
  return { perMinute, uses: share === null ? null : Math.min(share, uses ?? Infinity), until };
}
