/**
 * What a caller is told when there is no budget for its call: how much is spent of what, whom to ask, and
 * when to come back. Pure.
 */
import { type Limit, nextReset, type Refusal, shownAmount } from "./budget.ts";
import { type OverBudget, type Problem, problem } from "./problem.ts";

/** A call under way ends soon, and most of them use less than is reserved for them. */
const waitSeconds = 10;

export function overBudget(refusal: Refusal, agent: string, nowMs: number): Problem {
  const { limit, until } = refusal;
  const text = `over budget: ${sentence(refusal, agent)}`;
  if (until === "wait") {
    const why = "the rest is reserved by calls under way";
    return { ...problem(429, `${text}, and ${why}`, waitSeconds), budget: facts(refusal, null) };
  }
  if (until === "never") {
    return { ...problem(402, `${text}; ${remedy(refusal)}`), budget: facts(refusal, null) };
  }
  const reset = nextReset(nowMs);
  const resetsAt = new Date(reset).toISOString();
  // Whoever is to fail at once needs no time to come back.
  const wait = limit.over === "defer" ? Math.ceil((reset - nowMs) / 1000) : null;
  const message = `${text}; the next day begins at ${resetsAt}; ${remedy(refusal)}`;
  return { ...problem(402, message, wait), budget: facts(refusal, resetsAt) };
}

function facts({ limit, spent, until }: Refusal, resetsAt: string | null): OverBudget {
  const { scope, unit, most, over } = limit;
  const fate = until === "never" ? "fail" : over;
  return { scope, unit, limit: most, spent, resets_at: resetsAt, over: fate };
}

function sentence({ limit, spent, wanted }: Refusal, agent: string): string {
  const { scope, unit, most } = limit;
  const whose = { task: "this task", agent: `${agent} today`, system: "the whole system today" };
  const amounts = `${shownAmount(unit, spent)} of ${shownAmount(unit, most)} are spent`;
  return `${amounts} for ${whose[scope]}, and this call may need ${shownAmount(unit, wanted)}`;
}

function remedy({ limit: { scope, unit, most }, wanted }: Refusal): string {
  const file = scope === "system" ? "/etc/con/con.yaml" : "the agent's manifest";
  const key = `budget.${unit}_per_${scope === "task" ? "task" : "day"}`;
  const raise = `raise ${key} in ${file}, then con bootstrap`;
  return wanted > most ? `lower budget.tokens_per_call, or ${raise}` : raise;
}

/** Spending blindly is no way to keep a limit. */
export function unpriced(alias: string, limit: Limit): Problem {
  const { scope, most } = limit;
  const message =
    `over budget: there is a limit of ${shownAmount("usd", most)}, and alias ${alias} has no price; ` +
    `set usd_per_million for alias ${alias} in /etc/con/con.yaml (0 if it is free), then con bootstrap`;
  const budget = {
    scope,
    unit: "usd",
    limit: most,
    spent: 0,
    resets_at: null,
    over: "fail",
  } as const;
  return { ...problem(402, message), budget };
}
