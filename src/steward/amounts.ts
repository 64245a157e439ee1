/** Limits and budgets beyond what the asker has left to give. Pure. */
import { parseMemory } from "../config/grammar.ts";
import type { AgentRuntime } from "../config/runtime.ts";
import type { Agent, Budget } from "../config/types.ts";

type Holder = Pick<AgentRuntime, "limits" | "budget">;

export function limits({ limits: wanted }: Agent, { limits: own }: Holder): string[] {
  const percent = (text: string): number => Number(text.replace("%", ""));
  const rows: readonly (readonly [string, number, number])[] = [
    [
      `limits.memory ${wanted.memory}`,
      parseMemory(wanted.memory) ?? Infinity,
      parseMemory(own.memory) ?? 0,
    ],
    [`limits.cpu ${wanted.cpu}`, percent(wanted.cpu), percent(own.cpu)],
    [`limits.tasks ${wanted.tasks}`, wanted.tasks, own.tasks],
    [`limits.runtime ${wanted.runtimeSeconds}s`, wanted.runtimeSeconds, own.runtimeSeconds],
    [`limits.steps ${wanted.steps}`, wanted.steps, own.steps],
  ];
  return rows.filter(([, is, most]) => !(is <= most)).map(([text]) => text);
}

const keys = {
  usdPerDay: "budget.usd_per_day",
  tokensPerDay: "budget.tokens_per_day",
  usdPerTask: "budget.usd_per_task",
  tokensPerTask: "budget.tokens_per_task",
  askUsdPerTask: "budget.ask_usd_per_task",
  askTokensPerTask: "budget.ask_tokens_per_task",
  tokensPerCall: "budget.tokens_per_call",
} as const;

/** What is counted by the day is shared by all that are there because of one agent, at whatever remove. */
const daily: readonly string[] = ["usdPerDay", "tokensPerDay"];

/** The budget of one agent, and all that have a part of it. */
export interface Purse {
  readonly budget: Budget;
  readonly given: readonly Agent[];
}

/** `purses`: of the asker and of those by whose leave it is there. */
export function budgets({ budget }: Agent, holder: Holder, purses: readonly Purse[]): string[] {
  return (Object.keys(keys) as (keyof typeof keys)[]).flatMap((key) => {
    const all = daily.includes(key) ? purses : [{ budget: holder.budget, given: [] }];
    const left = Math.min(...all.map((purse) => leftIn(purse, key)));
    const wanted = budget[key];
    if ((wanted ?? Infinity) <= left) return [];
    return [`${keys[key]} ${wanted ?? "without end"} (left to give: ${left})`];
  });
}

function leftIn({ budget, given }: Purse, key: keyof typeof keys): number {
  // A file of an earlier version lacks the newer keys.
  const most = budget[key] ?? Infinity;
  return Math.max(
    0,
    given.reduce((left, one) => left - (one.budget[key] ?? 0), most),
  );
}
