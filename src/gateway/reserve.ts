/**
 * Opens the books of a call: estimates what it may use, and reserves that in the ledger before it is made.
 *
 * Never: lets a paid call be made without a row that stands for all it may cost, or a limit in money be
 * kept by guessing a price. The reflex engine costs nothing and needs no reservation.
 */
import type { GatewayCaller } from "../config/runtime.ts";
import { priceOf, type Tokens } from "./account.ts";
import {
  type BookDeps,
  type Books,
  freeBooks,
  type Page,
  paidBooks,
  refusal,
  reservedOf,
  unwritable,
} from "./books.ts";
import { limitsOf } from "./budget.ts";
import type { Ladder } from "./ladder.ts";
import type { Problem } from "./problem.ts";
import { unpriced } from "./refusal.ts";
import { type Caps, estimateOf } from "./request.ts";
import type { Body, Endpoint } from "./upstream.ts";

export interface Booking {
  readonly caller: GatewayCaller;
  readonly endpoint: Endpoint;
  readonly body: Body;
  /** Size of the request as it came. */
  readonly bytes: number;
  /** What the caller says it works on. */
  readonly task: string | null;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
}

type Found = Ladder & { readonly ok: true };

/** `began` is when the request came. */
export async function openBooks(
  deps: BookDeps,
  booking: Booking,
  { alias, entry, rungs }: Found,
  began: number,
): Promise<Books | Problem> {
  const { caller, endpoint, body, bytes, task, signal } = booking;
  const isFree = rungs.every(({ kind }) => kind === "reflex");
  const caps = isFree ? noCaps : capsOf(deps, caller);
  const estimate = estimateOf(endpoint, body, bytes, caps);
  if ("status" in estimate) return estimate;
  const { uid, name: agent, payers = [] } = caller;
  const call = { at: deps.now(), uid, agent, task, alias, payers };
  const price = (tokens: Tokens) => priceOf(entry, tokens);
  const page: Page = { deps, call, estimate, price, began, signal };
  if (isFree) return freeBooks(page);
  const limits = limitsOfAll(deps, caller);
  const inMoney = limits.find(({ unit }) => unit === "usd");
  if (entry.usdPerMillion === null && inMoney !== undefined) return unpriced(alias, inMoney, call);
  try {
    const ledger = await deps.ledger();
    const made = ledger.reserve(call, reservedOf(page), limits);
    if ("refused" in made) return refusal(page, ledger, made.refused);
    return paidBooks(page, { ledger, id: made.id, limits });
  } catch (error) {
    return unwritable(deps.log, error);
  }
}

const noCaps: Caps = { perCall: null, isLimited: false };

function limitsOfAll({ runtime }: BookDeps, { budget, payers = [] }: GatewayCaller) {
  const above = payers.map((payer) => payer.budget);
  return limitsOf(budget, runtime.budget, above);
}

function capsOf(deps: BookDeps, caller: GatewayCaller): Caps {
  const { budget, payers = [] } = caller;
  const all = [budget, ...payers.map((payer) => payer.budget), deps.runtime.budget];
  const set = all.map(({ tokensPerCall }) => tokensPerCall).filter((cap) => cap !== null);
  return {
    perCall: set.length === 0 ? null : Math.min(...set),
    isLimited: limitsOfAll(deps, caller).length > 0,
  };
}
