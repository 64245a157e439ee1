/**
 * What becomes of one place of a record, given what is to be seen of its child. Pure.
 *
 * Never: a third attempt, a result that changes, or a second attempt with more than the first left over.
 */
import { wantedChild } from "../../host/children/state.ts";
import {
  type Child,
  type ChildOrder,
  type ChildResult,
  maxAttempts,
  type Place,
  type Spawn,
} from "../../host/children/types.ts";
import { derivedId, timeOfId } from "../../task/id.ts";
import { headOf } from "../../task/text.ts";
import { childName } from "./name.ts";

/** What lies in the folders of a child. All of it is the child's own word. */
export type Look =
  /** It has its task, and no final answer yet. */
  | { readonly kind: "working" }
  | {
      readonly kind: "ended";
      readonly status: "done" | "failed" | "cancelled";
      readonly text: string;
      /** Why it failed. */
      readonly error: string;
      readonly spent: Spent;
    }
  /** Neither task nor answer. */
  | { readonly kind: "lost" };

export interface Spent {
  readonly usd: number;
  readonly tokens: number;
  readonly uses: Readonly<Record<string, number>>;
}

export interface Seen {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Why nobody waits for the result any more; null while the parent does. */
  readonly gone: string | null;
  readonly look: (child: Child) => Look;
}

/** The same place where nothing is different. */
export function judge(spawn: Spawn, place: Place, { now, gone, look }: Seen): Place {
  if (place.result !== null) return place;
  if (gone !== null) return settled(place, "failed", gone);
  const isOver = now >= Date.parse(spawn.deadline);
  const child = wantedChild(place);
  const seen: Look = child?.started ? look(child) : { kind: "working" };
  if (seen.kind === "working")
    return isOver ? settled(place, "timeout", `not done before ${spawn.deadline}`) : place;
  if (seen.kind === "lost")
    return again(place, "it ended without an answer", "", { isOver, left: null });
  if (seen.status === "done") return settled(place, "done", seen.text);
  if (seen.status === "cancelled") return settled(place, "failed", seen.text);
  return again(place, seen.error, seen.text, { isOver, left: leftOf(place.order, seen.spent) });
}

/** `left` is null where it cannot be known: then nothing was spent that anybody saw. */
function again(
  place: Place,
  error: string,
  text: string,
  { isOver, left }: { readonly isOver: boolean; readonly left: ChildOrder | null | "nothing" },
): Place {
  const attempt = place.child?.attempt ?? maxAttempts;
  if (attempt >= maxAttempts || isOver || left === "nothing")
    return settled(place, "failed", text === "" ? error : text);
  return { ...place, order: left ?? withoutShare(place.order), firstError: brief(error) };
}

/** What it used cannot be read any more, so that nothing of it can be given again. */
const withoutShare = (order: ChildOrder): ChildOrder => ({
  ...order,
  share: Object.fromEntries(Object.keys(order.share).map((tool) => [tool, 0])),
});

/** What the first attempt left of what was given to both; `nothing` where there is too little to go on. */
function leftOf(order: ChildOrder, spent: Spent): ChildOrder | "nothing" {
  const usd = order.usd === null ? null : order.usd - spent.usd;
  const tokens = order.tokens === null ? null : order.tokens - spent.tokens;
  if ((usd !== null && usd <= 0) || (tokens !== null && tokens <= 0)) return "nothing";
  const share = Object.entries(order.share).map(
    ([tool, amount]) => [tool, Math.max(0, amount - (spent.uses[tool] ?? 0))] as const,
  );
  return { ...order, usd, tokens, share: Object.fromEntries(share) };
}

const maxError = 1000;

/** One line. */
const brief = (error: string): string =>
  headOf(error.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim(), maxError) || "no reason given";

export function settled(place: Place, status: ChildResult["status"], text: string): Place {
  if (place.result !== null) return place;
  const attempts = place.child?.attempt ?? (place.firstError === null ? 0 : 1);
  return { ...place, result: { status, text, attempts, firstError: place.firstError } };
}

/** The child that a place gets next. The same place and attempt always get the same name and task. */
export function newChild(spawn: Spawn, index: number, attempt: number, uid: number): Child {
  const parts = ["spawn", spawn.id, String(index), String(attempt)];
  return {
    name: childName(spawn.id, index, attempt),
    uid,
    attempt,
    task: derivedId(timeOfId(spawn.id), parts),
    started: false,
  };
}

export const withPlace = (spawn: Spawn, index: number, place: Place): Spawn => ({
  ...spawn,
  places: spawn.places.map((one, at) => (at === index ? place : one)),
});

export const isComplete = ({ places }: Spawn): boolean =>
  places.every(({ child, result }) => child === null && result !== null);
