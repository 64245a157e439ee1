/** Approval rules and bounds of tools which an agent would have looser than the one that asks for it. Pure. */
import type { AgentRuntime } from "../config/runtime.ts";
import { spawnRule, spawnTools } from "../config/spawn.ts";
import { spendTool } from "../config/spend.ts";
import { toolsMeet } from "../config/tool-groups.ts";
import type { Agent, ApprovalRule } from "../config/types.ts";
import { isAsWide } from "../config/when.ts";

type Holder = Pick<AgentRuntime, "approval" | "constraints">;

/** One grant that is too much. */
export interface Excess {
  readonly text: string;
  /** What the words leave out. The same words with other bounds are another grant. */
  readonly bounds?: unknown;
}

export const rulesFor = ({ approval }: Agent, tool: string): ApprovalRule[] =>
  approval.filter((rule) => toolsMeet(rule.tool, tool));

/** A person who is asked here must not be gone around there. */
export function approvals(agent: Agent, holder: Holder): Excess[] {
  const { approval, can } = agent;
  return holder.approval.flatMap(({ tool, approvers, when }) => {
    const isKept = approval.some(
      (one) => one.tool === tool && one.approvers >= approvers && isAsWide(one.when, when),
    );
    // What a task spends needs no tool, and one rule is for both that spawn.
    const names = tool === spawnRule ? spawnTools : [tool];
    const has =
      tool === spendTool || names.some((name) => can.tools.some((one) => toolsMeet(one, name)));
    if (isKept || !has) return [];
    const under = when === undefined ? "" : " under the same when";
    const text = `tool ${tool} without approval by ${approvers}${under}`;
    return [{ text, bounds: rulesFor(agent, tool) }];
  });
}

/** What is bounded here is bounded there, at least as tightly. */
export function constraints({ can, constraints: own }: Agent, holder: Holder): Excess[] {
  return Object.entries(holder.constraints?.tools ?? {}).flatMap(([tool, most]) => {
    if (!can.tools.some((one) => toolsMeet(one, tool))) return [];
    const wanted = own.tools[tool] ?? { perMinute: null, uses: null, until: null };
    const keys = ["perMinute", "uses", "until"] as const;
    const loose = keys.filter((key) => !((wanted[key] ?? Infinity) <= (most[key] ?? Infinity)));
    return loose.map((key) => ({
      text: `tool ${tool} beyond its ${constraintWords[key]}`,
      bounds: wanted[key],
    }));
  });
}

const constraintWords = { perMinute: "rate", uses: "number of uses", until: "end" } as const;
