/** Spending above a limit, as approval rules name it. Constants and one question. */
import type { Budget } from "./types.ts";

/** Not a tool: more money, or more tokens, than `budget.ask_*` lets a task have. */
export const spendTool = "spend";

/** How long people have where a rule does not say, and at most. */
export const defaultExpirySeconds = 24 * 3600;

/** Whether people are asked about what a task spends. A file of an earlier version lacks the keys. */
export const asksForSpending = ({
  askUsdPerTask,
  askTokensPerTask,
}: Partial<Pick<Budget, "askUsdPerTask" | "askTokensPerTask">>): boolean =>
  (askUsdPerTask ?? null) !== null || (askTokensPerTask ?? null) !== null;
