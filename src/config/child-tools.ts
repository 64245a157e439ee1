/**
 * The tools of a temporary agent, and how often it may call them. Pure.
 *
 * A tool whose calls are counted at the parent goes down only with a share, which the parent has counted as its
 * own. Never: gives a tool without the bounds that it has at the parent.
 */
import type { ChildOf } from "./order.ts";
import { narrow, type Part, sameName, textsOf } from "./overlap.ts";
import { spawnTools } from "./spawn.ts";
import type { ToolConstraint } from "./types.ts";

/** They ask the steward for what `may` allows, and a temporary agent may nothing. */
const officialTools: readonly string[] = [
  "commission_agent",
  "amend_agent",
  "retire_agent",
  "control_agent",
  "request_grant",
  "install_package",
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
  const allowed = textsOf(
    narrow(narrow(useful, role.can.tools, sameName), order.can.tools, sameName),
  );
  const names = allowed.filter((tool) => !needsShare(of, tool) || shareOf(of, tool) !== null);
  const constraints = names.flatMap((tool) => {
    const bounds = boundsOf(of, tool);
    return bounds === null ? [] : [[tool, bounds] as const];
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

function needsShare({ parent }: ChildOf, tool: string): boolean {
  const { uses = null, perMinute = null } = parent.constraints.tools[tool] ?? {};
  return uses !== null || perMinute !== null;
}

/** Null: none that is worth anything. */
function shareOf({ order }: ChildOf, tool: string): number | null {
  const share = Object.hasOwn(order.share, tool) ? order.share[tool] : undefined;
  return share !== undefined && Number.isInteger(share) && share >= 1 ? share : null;
}

function boundsOf(of: ChildOf, tool: string): ToolConstraint | null {
  const { perMinute = null, uses = null, until = null } = of.parent.constraints.tools[tool] ?? {};
  const share = shareOf(of, tool);
  if (perMinute === null && share === null && until === null) return null;
  return { perMinute, uses: share === null ? null : Math.min(share, uses ?? Infinity), until };
}
