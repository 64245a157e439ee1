/** The refusal of a gateway that wants people's word first: out of its error object. Pure. */
import type { SpendNeed } from "./types.ts";

/** Null for every other refusal, and for one that is not whole: then it is an ordinary one. */
export function needOf(
  error: Readonly<Record<string, unknown>> | null | undefined,
): SpendNeed | null {
  if (error?.["code"] !== "needs_approval") return null;
  const { agent, task, unit, limit, spent, allowed, slice } = error;
  if (typeof agent !== "string" || typeof task !== "string") return null;
  if (unit !== "usd" && unit !== "tokens") return null;
  if (!isAmount(limit) || !isAmount(spent) || !isCount(allowed) || !isCount(slice)) return null;
  return slice > allowed ? { agent, task, unit, limit, spent, allowed, slice } : null;
}

const isAmount = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;

const isCount = (value: unknown): value is number => isAmount(value) && Number.isInteger(value);
