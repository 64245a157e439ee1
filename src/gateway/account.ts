/** What a call used and what it costs. Pure. */
import type { ModelAlias } from "../config/types.ts";

export interface Account {
  input: number;
  output: number;
  /** A finish reason came: the answer is whole. */
  finished: boolean;
}

export const newAccount = (): Account => ({ input: 0, output: 0, finished: false });

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null;
const count = (value: unknown): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;

/** Notes usage and end of one chunk or whole answer; anything else in it is not ours to judge. */
export function note(account: Account, value: unknown): void {
  if (!isObject(value)) return;
  const { usage, choices } = value;
  if (isObject(usage)) {
    account.input = count(usage["prompt_tokens"]);
    account.output = count(usage["completion_tokens"]);
  }
  if (!Array.isArray(choices)) return;
  const first: unknown = choices[0];
  if (isObject(first) && typeof first["finish_reason"] === "string") account.finished = true;
}

/** US dollars at the alias's price; an alias without a price costs nothing that we know of. */
export function costOf(entry: ModelAlias, rung: string, { input, output }: Account): number {
  if (rung === "builtin/reflex" || entry.usdPerMillion === null) return 0;
  const { input: perIn, output: perOut } = entry.usdPerMillion;
  return (input * perIn + output * perOut) / 1e6;
}
