/**
 * The books of one call: what it holds reserved while it is made, and what it cost in the end.
 *
 * Never: lets a try be made that the row does not stand for, besides those before whose fate nobody knows;
 * settles below what came. A call whose end cannot be written keeps its reservation.
 */

import type { GatewayRuntime } from "../config/runtime.ts";
import { reasonOf } from "../system/errors.ts";
import type { Log } from "../system/log.ts";
import { type Account, type Ending, newAccount, type Tokens, usedBy } from "./account.ts";
import type { Limit, Refusal } from "./budget.ts";
import type { Ledger, LedgerCall, Reserved } from "./ledger.ts";
import { tellOver, warnOfShare } from "./news.ts";
import { type Problem, problem } from "./problem.ts";
import { refusalFor } from "./refusal.ts";
import type { Estimate } from "./request.ts";

export interface BookDeps {
  readonly runtime: GatewayRuntime;
  /** Opened by the first call; rejects where it cannot be written. */
  readonly ledger: () => Promise<Ledger>;
  readonly log: Log;
  readonly now: () => number;
}

export interface Books {
  readonly account: Account;
  /** Output limit to write into the request, or null. */
  readonly outputLimit: number | null;
  /** A try ended without an answer and may have been paid for. May there be another? */
  readonly onLost: () => boolean;
  /** Why there may be no other try; null = there may. */
  readonly stopped: () => Problem | null;
  /** US dollars so far, with the answer of `label` that ended so. */
  readonly cost: (label: string, ending: Ending) => number;
  /** Ends the row. Rejects where it cannot be made durable. */
  readonly settle: (label: string, status: number, ending: Ending) => Promise<void>;
  readonly isSettled: () => boolean;
  /** Once settled: a daily limit that it counts for is nearly spent. */
  readonly isWarned: () => boolean;
}

/** What is known of a call before it is made. */
export interface Page {
  readonly deps: BookDeps;
  readonly call: LedgerCall;
  readonly estimate: Estimate;
  readonly price: (tokens: Tokens) => number;
  /** When the request came. */
  readonly began: number;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
}

/** The row of a paid call, reserved. */
export interface OpenRow {
  readonly ledger: Ledger;
  readonly id: number;
  readonly limits: readonly Limit[];
}

export const reservedOf = ({ estimate, price }: Page): Reserved => {
  const { input, output } = estimate;
  return { input, output, costUsd: price(estimate) };
};

export function refusal({ deps, call }: Page, ledger: Ledger, refused: Refusal): Problem {
  const found = refusalFor(refused, call, call.at);
  tellOver(deps.log, ledger, call, refused, found.message);
  return found;
}

/** A row at the end is all that is written. */
export function freeBooks({ deps, call, estimate, began }: Page): Books {
  let done = false;
  return {
    account: newAccount(),
    outputLimit: estimate.limit,
    onLost: () => false,
    stopped: () => null,
    cost: () => 0,
    isSettled: () => done,
    isWarned: () => false,
    settle: async (model, status) => {
      done = true;
      const ledger = await deps.ledger();
      const nothing = { input: 0, output: 0, costUsd: 0 };
      ledger.add({ ...call, ...nothing, model, status, latencyMs: deps.now() - began });
    },
  };
}

export function paidBooks(page: Page, row: OpenRow): Books {
  const { deps, call, estimate, price, began, signal } = page;
  const account = newAccount();
  let lost = 0;
  let stopped: Problem | null = null;
  let done = false;
  let warned = false;
  const used = (label: string, ending: Ending) => {
    const answered = usedBy(account, estimate, label === "builtin/reflex" ? "none" : ending);
    const input = answered.input + lost * estimate.input;
    const output = answered.output + lost * estimate.output;
    const basis = lost === 0 ? answered.basis : "counted";
    return { amounts: { input, output, costUsd: price({ input, output }) }, basis } as const;
  };
  return {
    account,
    outputLimit: estimate.limit,
    onLost: () => {
      lost += 1;
      if (signal.aborted) return false;
      stopped = holdMore(page, row);
      return stopped === null;
    },
    stopped: () => stopped,
    cost: (label, ending) => used(label, ending).amounts.costUsd,
    isSettled: () => done,
    isWarned: () => warned,
    settle: async (model, status, ending) => {
      done = true;
      const { amounts, basis } = used(model, ending);
      const latencyMs = deps.now() - began;
      row.ledger.settle(row.id, { ...amounts, model, status, latencyMs }, basis);
      warned = warnOfShare(deps.log, row.ledger, call, row.limits, deps.now());
    },
  };
}

/** Reserves for another try. Never throws: the client that asks would take it for a broken connection. */
function holdMore(page: Page, { ledger, id, limits }: OpenRow): Problem | null {
  try {
    const refused = ledger.extend(id, page.call, reservedOf(page), limits);
    return refused === null ? null : refusal(page, ledger, refused);
  } catch (error) {
    return unwritable(page.deps.log, error);
  }
}

/** Money is not spent where it cannot be written down. */
export function unwritable(log: Log, error: unknown): Problem {
  const why = reasonOf(error);
  log.error("the ledger cannot be written", { why });
  return problem(503, `the ledger cannot be written (${why}): no paid call is made`, 60);
}
