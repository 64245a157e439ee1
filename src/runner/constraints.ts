/**
 * The gates that hold a tool call against its grant: is it granted, has it ended, is there a use left.
 *
 * Two of them, so that a person is asked for nothing that is refused anyway, and a call that waits for a
 * person counts when it is made: `check` stands before approvals and counts nothing, `charge` after them.
 * Never: counts one call twice, also when it is asked again after a crash.
 */
import type { Gate, GatedCall } from "../agent/gate.ts";
import type { AgentRuntime } from "../config/runtime.ts";
import { isSourceTool, toolCovers } from "../config/tool-groups.ts";
import type { ToolConstraint } from "../config/types.ts";
import type { AgentPaths } from "../spool/layout.ts";
import type { Disk } from "../system/disk.ts";
import { type Asker, amendHow, denied, manifestRule } from "../tools/denial.ts";
import type { Denial, ToolResult } from "../tools/result.ts";
import { askerOf } from "./policy.ts";
import { openUses, type Verdict } from "./uses.ts";

export interface ConstraintWorld {
  readonly disk: Disk;
  readonly now: () => number;
  readonly agent: AgentRuntime;
  readonly paths: Pick<AgentPaths, "uses">;
  /** Names of all tools that there are. */
  readonly tools: readonly string[];
  /** Hears of each use that was counted, for the audit trail. */
  readonly heard?: (use: GrantUse) => void;
}

/** A call that counts. Asked again after a crash, it is told again and not counted again. */
export interface GrantUse {
  /** e.g. `tool shell`. */
  readonly grant: string;
  readonly callId: string;
  /** How often it was used in all. */
  readonly use: number;
  /** Null where only the rate is bounded. */
  readonly left: number | null;
}

const unbounded: ToolConstraint = { perMinute: null, uses: null, until: null };

export function constraintGates(
  world: ConstraintWorld,
  taskId: string,
): { readonly check: Gate; readonly charge: Gate } {
  const uses = openUses(world.disk, world.paths.uses);
  const counting = (call: GatedCall, way: "look" | "take"): ToolResult | null => {
    for (const grant of countedGrants(world.agent, call.tool)) {
      const limits = boundsOf(world.agent, grant);
      const by = `${taskId} ${call.callId}`;
      const verdict = uses[way]({ key: `tool:${grant}`, limits, now: world.now(), by });
      if (way === "take" && verdict.kind === "free")
        world.heard?.(useOf(grant, call, limits, verdict.total));
      const refused = refusal(askerOf(world.agent), grant, limits, verdict);
      if (refused !== null) return refused;
    }
    return null;
  };
  return {
    check: async (call) => ungranted(world, call.tool) ?? counting(call, "look"),
    // Asked again: while a person thought about it the grant may have ended.
    charge: async (call) =>
      ungranted(world, call.tool) ?? counting(call, "look") ?? counting(call, "take"),
  };
}

/** Those that cover the tool and are bounded by number or rate: each counts what it covers. */
const countedGrants = ({ constraints }: AgentRuntime, tool: string): string[] =>
  Object.entries(constraints?.tools ?? {}).flatMap(([grant, { perMinute, uses }]) =>
    (perMinute ?? uses ?? null) !== null && toolCovers(grant, tool) ? [grant] : [],
  );

const useOf = (
  grant: string,
  { callId }: GatedCall,
  { uses }: ToolConstraint,
  total: number,
): GrantUse => ({
  grant: `tool ${grant}`,
  callId,
  use: total,
  left: uses === null ? null : Math.max(0, uses - total),
});

export const boundsOf = ({ constraints }: AgentRuntime, tool: string): ToolConstraint =>
  constraints !== undefined && Object.hasOwn(constraints.tools, tool)
    ? (constraints.tools[tool] ?? unbounded)
    : unbounded;

/** Whether an entry of `can.tools` that has not ended covers the tool. */
export const isGranted = (agent: AgentRuntime, tool: string, now: number): boolean =>
  agent.can.tools.some((grant) => {
    const { until } = boundsOf(agent, grant);
    return toolCovers(grant, tool) && (until === null || until > now);
  });

/** A name that no tool has is no question of grants. */
function ungranted({ agent, now, tools }: ConstraintWorld, tool: string): ToolResult | null {
  if (!tools.includes(tool) && !isSourceTool(tool)) return null;
  if (isGranted(agent, tool, now())) return null;
  const asker = askerOf(agent);
  const base = { asked: `tool ${tool}`, rule: manifestRule(agent.name, "can.tools") };
  // Also of a grant that had ended already when the manifest was compiled.
  const [ended] = Object.entries(agent.constraints?.tools ?? {}).flatMap(([grant, { until }]) =>
    toolCovers(grant, tool) && until !== null && until <= now() ? [{ grant, until }] : [],
  );
  if (ended !== undefined) {
    const rule = `${base.rule}: ${ended.grant} until ${new Date(ended.until).toISOString()}`;
    return denied({ ...base, code: "expired", rule, how: amendHow(asker, "a later until") });
  }
  return denied({
    ...base,
    code: "not_granted",
    how: amendHow(asker, `${tool} in can.tools`),
  });
}

export function refusal(
  asker: Asker,
  tool: string,
  limits: ToolConstraint,
  verdict: Verdict,
): ToolResult | null {
  const rule = manifestRule(asker.agent, "can.tools");
  const no = (denial: Pick<Denial, "code" | "rule" | "how">): ToolResult =>
    denied({ asked: `tool ${tool}`, ...denial });
  switch (verdict.kind) {
    case "free":
      return null;
    case "rate":
      return no({
        code: "rate",
        rule: `${rule}: ${tool} per_minute ${limits.perMinute}`,
        how: `call it again in ${verdict.waitSeconds} s; ${amendHow(asker, "a higher rate")}`,
      });
    case "used_up":
      return no({
        code: "used_up",
        rule: `${rule}: ${tool} uses ${limits.uses}, ${verdict.used} used`,
        how: amendHow(asker, "more uses in all"),
      });
    case "undecided":
      return no({
        code: "undecided",
        rule: `${rule}: ${tool} is counted, and the count cannot be kept (${verdict.why})`,
        how: "tell a person; calls without a count still work",
      });
  }
}
