/**
 * Sees to it that the next request fits the model's window: measures, has older parts summarized, shortens
 * them without a model where that fails. No request is made that does not fit.
 */
import type { ModelError } from "../../model/types.ts";
import type { Outcome } from "../../task/task.ts";
import { failed } from "../limits.ts";
import type { Run } from "../run.ts";
import { type Compacted, compact } from "./compact.ts";
import { replaced } from "./fold.ts";
import { isTooLong, namedWindow } from "./refusal.ts";
import { shortened } from "./shorten.ts";
import { sum } from "./turns.ts";
import { isFull, isTooSmall, type Measure, roomOf, sharesOf } from "./window.ts";

/** So often in a row a model failed to summarize: it is not asked again in this task. */
const maxFailures = 2;

export type Room =
  /** There is room, or the run was stopped. */
  | { readonly kind: "room" }
  | { readonly kind: "end"; readonly outcome: Outcome }
  /** What keeps a model from summarizing will keep it from working, too. */
  | { readonly kind: "error"; readonly error: ModelError };

const room: Room = { kind: "room" };

/** `learned`: what a provider takes, as far as it is news. */
export async function makeRoom(run: Run, learned: number | null = null): Promise<Room> {
  const before = await measure(run, learned);
  if (isTooSmall(before)) return tooSmall(run, before);
  if (!isFull(before)) return room;
  const { failures } = run.state.context;
  const made: Compacted =
    failures < maxFailures ? await compact(run, before, learned) : { kind: "failed", error: null };
  if (made.kind === "stopped") return room;
  if (made.kind === "failed" && made.error !== null && passes(made.error, failures))
    return { kind: "error", error: made.error };
  const after = await measure(run, learned);
  if (after.tokens <= after.limit && made.kind !== "failed") return room;
  shorten(run, after, learned);
  const left = await measure(run, learned);
  return left.tokens <= left.limit ? room : tooSmall(run, left);
}

/** Waiting a while loses nothing, shortening does; but what fails for summaries only must not stop the task. */
const passes = ({ kind, needs }: ModelError, failures: number): boolean =>
  needs !== undefined || (kind === "temporary" && failures === 0);

function measure({ meter, state }: Run, news: number | null): Promise<Measure> {
  const { messages, head, context } = state;
  const known = [news, context.learned].filter((one) => one !== null);
  const learned = known.length === 0 ? null : Math.min(...known);
  return meter.measure(messages, { head, learned }, news !== null);
}

function shorten(run: Run, measured: Measure, learned: number | null): void {
  const { messages, head, context } = run.state;
  const { tokensOf, countText } = run.meter;
  const { fixed, limit, tokens } = measured;
  const n = context.compactions + 1;
  const change = shortened({
    ...{ messages, head, fixed, limit, tokensOf, countText },
    target: sharesOf(measured).target,
    nonce: run.nonce(),
    keep: (at, text) => run.shelve(`${n}-${at}`, text) ?? "the journal of this task",
  });
  if (change.from === change.to && change.edits.length === 0) return;
  const after = fixed + sum(replaced(messages, change).slice(head), tokensOf);
  const line = { kind: "compaction", n, how: "shortened", ...change, memories: [] } as const;
  run.record({ ...line, before: tokens, after, learned, at: run.now() });
}

function tooSmall(run: Run, { fixed, limit }: Measure): Room {
  const { model } = run.options;
  const why = `its tools, instructions and text take ${fixed} tokens, and a request may have ${limit}`;
  const remedy = [
    `If the model's window is larger, say so in /etc/con/con.yaml (models.${model}.context), then`,
    "con bootstrap. Else shorten AGENTS.md or the task, or give the agent fewer tools.",
  ].join(" ");
  return { kind: "end", outcome: failed(run.state, why, remedy) };
}

/** A provider refused what we thought would fit. True when there is less now: it may be asked again. */
export async function hasRoomAfter(run: Run, error: ModelError): Promise<boolean> {
  if (!isTooLong(error)) return false;
  const { messages, head } = run.state;
  const { tokens } = await run.meter.measure(messages, { head, learned: null }, true);
  const named = namedWindow(error);
  const known = named === null ? tokens : roomOf({ ...run.window, context: named });
  const learned = Math.floor(Math.min(afterRefusal * tokens, afterNamed * known));
  return (await makeRoom(run, learned)).kind === "room";
}

/** Its tokens are smaller than ours, or there is something that we do not know of. */
const afterRefusal = 0.75;
const afterNamed = 0.9;
