/** The part of a manifest that says which calls wait for people. Pure. */
import type { Broken } from "./broken.ts";
import { parseDuration } from "./grammar.ts";
import type { ApprovalRule } from "./types.ts";

export type RawApproval =
  | string
  | { readonly tool: string; readonly approvers?: number; readonly expires?: string };

const defaultExpirySeconds = 24 * 3600;

/** `tools` are those that the agent has: a rule for another one would protect nothing. */
export function approvalOf(
  raw: readonly RawApproval[] = [],
  tools: readonly string[],
): { readonly approval: readonly ApprovalRule[]; readonly broken: readonly Broken[] } {
  const rules = raw.map((one) => (typeof one === "string" ? { tool: one } : one));
  const approval = rules.map(({ tool, approvers = 1, expires }) => ({
    tool,
    approvers,
    // An unreadable duration is reported below, and the agent left out.
    expirySeconds: expires === undefined ? defaultExpirySeconds : (parseDuration(expires) ?? 0),
  }));
  const broken = rules.flatMap((rule, index) => {
    const path = ["approval", index];
    const why = wrong(rule, index, rules, tools);
    return why === null ? [] : [{ path, ...why }];
  });
  return { approval: approval.sort((a, b) => (a.tool < b.tool ? -1 : 1)), broken };
}

type Rule = Exclude<RawApproval, string>;

function wrong(
  { tool, expires }: Rule,
  index: number,
  rules: readonly Rule[],
  tools: readonly string[],
): Pick<Broken, "why" | "remedy"> | null {
  if (!tools.includes(tool)) {
    const remedy = `add it to can.tools, or remove it; the tools are: ${tools.join(", ") || "none"}`;
    return { why: `the agent has no tool ${tool}`, remedy };
  }
  if (rules.findIndex((one) => one.tool === tool) < index)
    return { why: `${tool} is listed twice`, remedy: "keep one of them" };
  if (expires !== undefined && parseDuration(expires) === null)
    return { why: `${expires} is more than a day`, remedy: "expected at most 24h" };
  return null;
}
