/**
 * The gates that hold a tool call against its grant: is it granted, has it ended, is there a use left.
 *
 * Two of them, so that a person is asked for nothing that is refused anyway, and a call that waits for a
 * person counts when it is made: `check` stands before approvals and counts nothing, `charge` after them.
 * Never: counts one call twice, also when it is asked again after a crash.
 */
import type { Gate, GatedCall } from "../agent/gate.ts";
import type { AgentRuntime } from "../config/runtime.ts";
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
    const limits = boundsOf(world.agent, call.tool);
    if (limits.perMinute === null && limits.uses === null) return null;
    const by = `${taskId} ${call.callId}`;
    const use = { key: `tool:${call.tool}`, limits, now: world.now(), by };
    const verdict = uses[way](use);
    if (way === "take" && verdict.kind === "free")
      world.heard?.(useOf(call, limits, verdict.total));
    return refusal(askerOf(world.agent), call.tool, limits, verdict);
  };
  return {
    check: async (call) => ungranted(world, call.tool) ?? counting(call, "look"),
    // Asked again: while a person thought about it the grant may have ended.
    charge: async (call) => ungranted(world, call.tool) ?? counting(call, "take"),
  };
}

const useOf = ({ tool, callId }: GatedCall, { uses }: ToolConstraint, total: number): GrantUse => ({
  grant: `tool ${tool}`,
  callId,
  use: total,
  left: uses === null ? null : Math.max(0, uses - total),
});

export const boundsOf = ({ constraints }: AgentRuntime, tool: string): ToolConstraint =>
  constraints !== undefined && Object.hasOwn(constraints.tools, tool)
    ? (constraints.tools[tool] ?? unbounded)
    : unbounded;

/** A name that no tool has is no question of grants. */
function ungranted({ agent, now, tools }: ConstraintWorld, tool: string): ToolResult | null {
  if (!tools.includes(tool)) return null;
  const asker = askerOf(agent);
  const { until } = boundsOf(agent, tool);
  const base = { asked: `tool ${tool}`, rule: manifestRule(agent.name, "can.tools") };
  if (until !== null && until <= now()) {
    const rule = `${base.rule}: ${tool} until ${new Date(until).toISOString()}`;
    return denied({ ...base, code: "expired", rule, how: amendHow(asker, "a later until") });
  }
  if (agent.can.tools.includes(tool)) return null;
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
