/** The part of a manifest that says which calls wait for people, and when. Pure. */
import { continueTool } from "./brakes.ts";
import type { Broken } from "./broken.ts";
import { parseDuration } from "./grammar.ts";
import { spawnRule, spawnTools } from "./spawn.ts";
import { asksForSpending, defaultExpirySeconds, spendTool } from "./spend.ts";
import { toolsMeet } from "./tool-groups.ts";
import type { ApprovalRule, Budget, Condition } from "./types.ts";
import { isAsWide, type When } from "./when.ts";

type RawCondition = string | readonly string[] | { readonly above: number };

export type RawApproval =
  | string
  | {
      readonly tool: string;
      readonly approvers?: number;
      readonly expires?: string;
      readonly when?: Readonly<Record<string, RawCondition>>;
    };

type Written = Exclude<RawApproval, string>;

/** What the agent has: a rule for anything else would protect nothing. */
export interface Holdings {
  readonly tools: readonly string[];
  readonly budget: Budget;
  /** A role: what is made of it is temporary, and lets nobody but its own task ask whether it goes on. */
  readonly isRole?: boolean;
}

export function approvalOf(
  raw: readonly RawApproval[] = [],
  has: Holdings,
): { readonly approval: readonly ApprovalRule[]; readonly broken: readonly Broken[] } {
  const written = raw.map((one) => (typeof one === "string" ? { tool: one } : one));
  const rules = withImplied(written, has).map(read);
  const broken = rules.flatMap((rule, index) => {
    const why = wrong(rule, index, rules, has);
    return why === null ? [] : [{ ...why, path: ["approval", index, ...(why.path ?? [])] }];
  });
  const approval = rules.map(({ expires: _expires, ...rule }) => rule);
  return { approval: approval.sort((a, b) => (a.tool < b.tool ? -1 : 1)), broken };
}

/** A limit after which people are asked needs no rule to be one. */
function withImplied(written: readonly Written[], { budget }: Holdings): readonly Written[] {
  if (!asksForSpending(budget) || written.some(({ tool }) => tool === spendTool)) return written;
  return [...written, { tool: spendTool }];
}

type Rule = ApprovalRule & { readonly expires: string | undefined };

const read = ({ tool, approvers = 1, expires, when }: Written): Rule => ({
  tool: spawnTools.includes(tool) ? spawnRule : tool,
  approvers,
  // An unreadable duration is reported below, and the agent left out.
  expirySeconds: expires === undefined ? defaultExpirySeconds : (parseDuration(expires) ?? 0),
  ...(when === undefined ? {} : { when: whenOf(when) }),
  expires,
});

const whenOf = (raw: Readonly<Record<string, RawCondition>>): When =>
  Object.fromEntries(
    Object.entries(raw)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, conditionOf(one)]),
  );

function conditionOf(raw: RawCondition): Condition {
  if (typeof raw === "string") return { globs: [raw] };
  return "above" in raw ? { above: raw.above } : { globs: [...new Set(raw)].sort() };
}

type Wrong = Pick<Broken, "why" | "remedy"> & { readonly path?: Broken["path"] };

function wrong(rule: Rule, index: number, rules: readonly Rule[], has: Holdings): Wrong | null {
  const { expires } = rule;
  const problem =
    unfounded(rule, has) ??
    (Object.hasOwn(rule.when ?? {}, "path") ? oddPath(rule) : null) ??
    listedTwice(rule, rules.slice(0, index));
  if (problem !== null) return problem;
  if (expires !== undefined && parseDuration(expires) === null)
    return { why: `${expires} is more than a day`, remedy: "expected at most 24h" };
  return null;
}

function unfounded(rule: Rule, { tools, budget, isRole = false }: Holdings): Wrong | null {
  if (rule.tool === spendTool) return spendless(rule, budget);
  if (rule.tool === continueTool) return brakeless(rule, isRole);
  return toolless(rule, tools);
}

function brakeless({ when }: Rule, isRole: boolean): Wrong | null {
  if (when !== undefined)
    return { why: "continue takes no when", remedy: "remove when: the limit is limits.ask_after" };
  if (!isRole) return null;
  const why = "a temporary agent does not ask the steward whether it goes on";
  return { why, remedy: "remove continue: its task asks people itself" };
}

function toolless({ tool }: Rule, tools: readonly string[]): Wrong | null {
  const isSpawn = tool === spawnRule && tools.some((one) => spawnTools.includes(one));
  if (isSpawn || tools.some((one) => toolsMeet(one, tool))) return null;
  const remedy = `add it to can.tools, or remove it; the tools are: ${tools.join(", ") || "none"}`;
  return { why: `the agent has no tool ${tool}`, remedy };
}

function spendless({ when }: Rule, budget: Budget): Wrong | null {
  if (when !== undefined)
    return { why: "spend takes no when", remedy: "remove when: the limit is budget.ask_*" };
  if (asksForSpending(budget)) return null;
  const remedy = "set budget.ask_usd_per_task or budget.ask_tokens_per_task, or remove it";
  return { why: "spend waits for nobody", remedy };
}

/** Such a pattern would match no path, and nobody would be asked. */
function oddPath({ when = {} }: Rule): Wrong | null {
  const condition = when["path"];
  if (condition === undefined || "above" in condition) return null;
  const odd = condition.globs.find((glob) => glob.split("/").includes(".."));
  if (odd === undefined) return null;
  const remedy = "write the directory itself, e.g. /srv/con/artifacts/public/**";
  return { path: ["when", "path"], why: `${odd} has .. in it`, remedy };
}

/** Several are told from another by what they ask about. */
function listedTwice({ tool, when }: Rule, before: readonly Rule[]): Wrong | null {
  const same = before.filter((one) => one.tool === tool);
  if (!same.some((one) => isAsWide(one.when, when) || isAsWide(when, one.when))) return null;
  const remedy = "keep one of them, or give each another when";
  return { why: `${tool} is listed twice`, remedy };
}
