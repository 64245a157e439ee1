/**
 * What a caller is told when there is no budget for its call: how much is spent of what, whose limit it is,
 * whom to ask, and when to come back. Pure.
 */
import { type Holder, type Limit, nextReset, type Refusal, shownAmount } from "./budget.ts";
import type { LedgerCall } from "./ledger.ts";
import { type OverBudget, type Problem, problem } from "./problem.ts";

/** A call under way ends soon, and most of them use less than is reserved for them. */
const waitSeconds = 10;

/** Who calls, for what, and on whose account. */
type Caller = Pick<LedgerCall, "uid" | "agent" | "task" | "payers">;

export function refusalFor(refusal: Refusal, caller: Caller, nowMs: number): Problem {
  if (refusal.until === "ask") {
    const { name, task } = holderOf(refusal.limit, caller);
    if (task !== null) return needsApproval(refusal, { name, task });
  }
  return overBudget(refusal, caller, nowMs);
}

/** The caller for its own limits and those of the system, else the ancestor. */
export function holderOf({ generation }: Limit, { uid, agent, task, payers }: Caller): Holder {
  const own = { uid, name: agent, task };
  return generation === 0 ? own : (payers?.[generation - 1] ?? own);
}

function overBudget(refusal: Refusal, caller: Caller, nowMs: number): Problem {
  const { limit, until } = refusal;
  const text = `over budget: ${sentence(refusal, caller)}`;
  const budget = factsOf(refusal, caller, null);
  if (until === "wait") {
    const why = "the rest is reserved by calls under way";
    return { ...problem(429, `${text}, and ${why}`, waitSeconds), budget };
  }
  if (until === "never") return { ...problem(402, `${text}; ${remedy(refusal, caller)}`), budget };
  if (until === "ask") {
    const why = "people would be asked, but the request names no task (X-Con-Task)";
    return { ...problem(402, `${text}; ${why}`), budget };
  }
  const reset = nextReset(nowMs);
  const resetsAt = new Date(reset).toISOString();
  // Whoever is to fail at once needs no time to come back.
  const wait = limit.over === "defer" ? Math.ceil((reset - nowMs) / 1000) : null;
  const message = `${text}; the next day begins at ${resetsAt}; ${remedy(refusal, caller)}`;
  return { ...problem(402, message, wait), budget: factsOf(refusal, caller, resetsAt) };
}

function needsApproval(
  { limit: { unit, most, generation }, spent, wanted, slices }: Refusal,
  { name, task }: { readonly name: string; readonly task: string },
): Problem {
  const whose = generation === 0 ? "this task" : `task ${task} of ${named(generation, name)}`;
  const message =
    `people must agree first: ${shownAmount(unit, spent)} are spent for ${whose}, and this call may need ` +
    `${shownAmount(unit, wanted)}; ${key({ scope: "task", unit, ask: true })} is ` +
    `${shownAmount(unit, most)}, ${slices.allowed} further such amounts are allowed, ` +
    `and this call needs ${slices.needed}`;
  const { allowed, needed: slice } = slices;
  const approval = { agent: name, task, unit, limit: most, spent, wanted, allowed, slice };
  return { ...problem(402, message), approval };
}

function factsOf({ limit, spent, until }: Refusal, caller: Caller, reset: string | null) {
  const { scope, unit, most, over } = limit;
  const facts: OverBudget = {
    scope,
    agent: scope === "system" ? null : holderOf(limit, caller).name,
    unit,
    limit: most,
    spent,
    resets_at: reset,
    over: until === "never" || until === "ask" ? "fail" : over,
  };
  return facts;
}

function sentence({ limit, spent, wanted }: Refusal, caller: Caller): string {
  const { scope, unit, most, generation } = limit;
  const { name, task } = holderOf(limit, caller);
  const whose = {
    task: generation === 0 ? "this task" : `task ${task} of ${named(generation, name)}`,
    agent: `${generation === 0 ? name : `${named(generation, name)},`} today`,
    system: "the whole system today",
  };
  const amounts = `${shownAmount(unit, spent)} of ${shownAmount(unit, most)} are spent`;
  return `${amounts} for ${whose[scope]}, and this call may need ${shownAmount(unit, wanted)}`;
}

const named = (generation: number, name: string): string =>
  `${name}, ${generation === 1 ? "which spawned you" : "of whose spawned agents you are one"}`;

const key = ({ scope, unit, ask }: Pick<Limit, "scope" | "unit" | "ask">): string =>
  `budget.${ask ? "ask_" : ""}${unit}_per_${scope === "task" ? "task" : "day"}`;

function remedy({ limit, wanted }: Refusal, caller: Caller): string {
  const raise = raised(limit, caller);
  return wanted > limit.most ? `lower budget.tokens_per_call, or ${raise}` : raise;
}

function raised(limit: Limit, caller: Caller): string {
  const { scope, generation } = limit;
  if (scope === "system") return `raise ${key(limit)} in /etc/con/con.yaml, then con bootstrap`;
  const { name } = holderOf(limit, caller);
  const isTemporary = (caller.payers?.length ?? 0) > generation;
  if (isTemporary) return `its share was set when ${generation === 0 ? "it" : name} was spawned`;
  if (generation === 0) return `raise ${key(limit)} in the agent's manifest, then con bootstrap`;
  return `raise ${key(limit)} of ${named(generation, name)}, in its manifest, then con bootstrap`;
}

/** Spending blindly is no way to keep a limit. */
export function unpriced(alias: string, limit: Limit, caller: Caller): Problem {
  const { scope, most } = limit;
  const message =
    `over budget: there is a limit of ${shownAmount("usd", most)}, and alias ${alias} has no price; ` +
    `set usd_per_million for alias ${alias} in /etc/con/con.yaml (0 if it is free), then con bootstrap`;
  const budget: OverBudget = {
    scope,
    agent: scope === "system" ? null : holderOf(limit, caller).name,
    unit: "usd",
    limit: most,
    spent: 0,
    resets_at: null,
    over: "fail",
  };
  return { ...problem(402, message), budget };
}
