/**
 * One model call from a caller whose uid the kernel named: ladder, turn in the queue, reservation, answer, ledger.
 *
 * Each event of an upstream passes through as it came; one of our own before the end names the model
 * and the cost. Never: lets a caller choose an upstream, a key or a header; ends an answer before
 * its row is in the ledger.
 */

import type { ServerResponse } from "node:http";
import { sseDone, sseEvent } from "../model/sse.ts";
import { reasonOf } from "../system/errors.ts";
import type { Ending } from "./account.ts";
import { type Ascent, type AscentDeps, ascend } from "./ascend.ts";
import type { Audit } from "./audit.ts";
import type { BookDeps, Books } from "./books.ts";
import { ladderOf, type Rung } from "./ladder.ts";
import { passOn, readWhole } from "./pass-on.ts";
import { errorBody, type Problem, problem } from "./problem.ts";
import type { FairQueue } from "./queue.ts";
import { type Booking, openBooks } from "./reserve.ts";

export interface CallDeps extends AscentDeps, BookDeps {
  readonly queue: FairQueue;
  readonly audit: Pick<Audit, "denied">;
}

export interface Call extends Booking {
  readonly response: ServerResponse;
}

export async function handleCall(deps: CallDeps, call: Call): Promise<void> {
  const began = deps.now();
  const { caller, response } = call;
  const ladder = ladderOf(deps.runtime, caller, call.body["model"]);
  if (!ladder.ok) {
    const { message: asked } = ladder.problem;
    deps.audit.denied(caller, { code: "not_granted", asked, task: call.task });
    return refuse(response, ladder.problem);
  }
  const release = await deps.queue.enter(caller.uid, call.signal);
  if (release === null) {
    return refuse(response, problem(429, "too many calls of this caller are waiting", 5));
  }
  try {
    const books = await openBooks(deps, call, ladder, began);
    if ("status" in books) {
      tellDenied(deps, call, books);
      return refuse(response, books);
    }
    try {
      await answer(deps, call, ladder.rungs, books);
    } finally {
      // An error of ours: nobody knows what the answer used, and no reservation stays open for ever.
      if (!books.isSettled()) await settle(deps, books, "none", 500, "unknown");
    }
  } finally {
    release();
  }
}

function tellDenied(
  deps: CallDeps,
  { caller, task }: Call,
  { message: asked, budget, approval }: Problem,
): void {
  if (approval !== undefined) deps.audit.denied(caller, { code: "needs_approval", asked, task });
  else if (budget !== undefined) deps.audit.denied(caller, { code: "over_budget", asked, task });
}

async function answer(
  deps: CallDeps,
  call: Call,
  rungs: readonly Rung[],
  books: Books,
): Promise<void> {
  const { response, endpoint, body, signal } = call;
  const ascent = await ascend(deps, rungs, { endpoint, body, signal, books });
  if (!ascent.ok) {
    await settle(deps, books, "none", ascent.problem.status, "none");
    tellDenied(deps, call, ascent.problem);
    return refuse(response, ascent.problem);
  }
  if (endpoint === "/chat/completions" && body["stream"] === true) {
    await stream(deps, call, ascent, books);
  } else {
    await sendWhole(deps, call, ascent, books);
  }
}

/** The answer is paid for already, so it still goes out; that the row has no end is an error to see. */
async function settle(
  deps: CallDeps,
  books: Books,
  label: string,
  status: number,
  ending: Ending,
): Promise<void> {
  try {
    await books.settle(label, status, ending);
  } catch (error) {
    const why = reasonOf(error);
    deps.log.error("the end of a call is missing in the ledger", { model: label, why });
  }
}

async function sendWhole(
  deps: CallDeps,
  { response, signal }: Call,
  ascent: Ascent & { ok: true },
  books: Books,
): Promise<void> {
  const { label, reply } = ascent;
  const whole = await readWhole({ label, reply, account: books.account, signal });
  if (typeof whole === "string") {
    await settle(deps, books, label, 502, "unknown");
    return refuse(response, problem(502, whole));
  }
  await settle(deps, books, label, 200, "whole");
  response.writeHead(200, { "content-type": "application/json", "x-con-model": label });
  response.end(whole);
}

async function stream(
  deps: CallDeps,
  { response, signal }: Call,
  ascent: Ascent & { ok: true },
  books: Books,
): Promise<void> {
  const { label, reply } = ascent;
  const { account } = books;
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const cut = await passOn(response, { label, reply, account, signal });
  const ending = cut === null ? "whole" : account.abandoned ? "unknown" : "cut";
  const cost_usd = books.cost(label, ending);
  await settle(deps, books, label, cut === null ? 200 : 502, ending);
  if (cut === null) {
    const con = { model: label, cost_usd, ...(books.isWarned() ? { warned: true } : {}) };
    response.end(sseEvent({ object: "con.call", choices: [], con }) + sseEvent(sseDone));
  } else if (response.writableNeedDrain) response.destroy();
  else response.end(sseEvent({ error: { message: cut } }));
}

/** Answers with an error that says whether and when to try again. */
export function refuse(response: ServerResponse, found: Problem): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { retryAfterSeconds: wait } = found;
  response.writeHead(found.status, {
    "content-type": "application/json",
    ...(wait === null ? {} : { "retry-after": String(Math.ceil(wait)) }),
  });
  response.end(errorBody(found));
}
