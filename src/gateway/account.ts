/** What a call used and what it costs. Pure. */
import type { ModelAlias } from "../config/types.ts";
import { isObject } from "../system/json.ts";
import type { Basis } from "./ledger/schema.ts";
import { bytesPerToken } from "./request.ts";

export interface Tokens {
  readonly input: number;
  readonly output: number;
}

export interface Account {
  /** As the provider reported it, or null. */
  usage: Tokens | null;
  /** Bytes of text that came: answer, thoughts, calls of tools. */
  bytes: number;
  /** A finish reason came: the answer is whole. */
  finished: boolean;
  /** The caller went away, or took nothing any more. */
  abandoned: boolean;
}

export const newAccount = (): Account => ({
  usage: null,
  bytes: 0,
  finished: false,
  abandoned: false,
});

const count = (value: unknown): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;

/** Notes usage, text and end of one chunk or whole answer; anything else is not ours to judge. */
export function note(account: Account, value: unknown): void {
  if (!isObject(value)) return;
  const { usage, choices } = value;
  // A request has at least one token; a report without any is none.
  if (isObject(usage) && count(usage["prompt_tokens"]) > 0) {
    account.usage = {
      input: count(usage["prompt_tokens"]),
      output: count(usage["completion_tokens"]),
    };
  }
  if (!Array.isArray(choices)) return;
  for (const choice of choices)
    if (isObject(choice)) account.bytes += textBytes([choice["delta"], choice["message"]], 0);
  const first: unknown = choices[0];
  if (isObject(first) && typeof first["finish_reason"] === "string") account.finished = true;
}

/** Deeper than any answer. */
const maxDepth = 8;

function textBytes(value: unknown, depth: number): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value !== "object" || value === null || depth > maxDepth) return 0;
  return Object.values(value).reduce<number>((sum, one) => sum + textBytes(one, depth + 1), 0);
}

/** `none`: nobody answered; `cut`: the provider broke off; `unknown`: nobody saw how it ended. */
export type Ending = "none" | "whole" | "cut" | "unknown";

/**
 * What an answer used. Of a broken stream: what came. Where nobody saw the end, all that was reserved: a
 * model may have thought unseen, and hanging up must not be the cheap way to ask.
 */
export function usedBy(
  account: Account,
  estimate: Tokens,
  ending: Ending,
): Tokens & { readonly basis: Basis } {
  if (ending === "none") return { input: 0, output: 0, basis: "counted" };
  const { usage, bytes } = account;
  if (ending === "whole" && usage !== null) return { ...usage, basis: "reported" };
  const came = Math.max(usage?.output ?? 0, Math.ceil(bytes / bytesPerToken));
  return {
    input: usage?.input ?? estimate.input,
    output: ending === "unknown" ? Math.max(came, estimate.output) : came,
    basis: "counted",
  };
}

/** US dollars at the alias's price; an alias without a price costs nothing that we know of. */
export function priceOf({ usdPerMillion }: ModelAlias, { input, output }: Tokens): number {
  if (usdPerMillion === null) return 0;
  return (input * usdPerMillion.input + output * usdPerMillion.output) / 1e6;
}
