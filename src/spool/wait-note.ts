/**
 * `queue/held/ID.wait.json`: which calls of a task wait, for what, from whom, and what came so far.
 * Pure: values, their text, and what follows from them.
 *
 * A call is open until all that it waits for was answered or its waiting was ended; an open note takes
 * answers, a closed one takes none and wakes its task. The note says why; the folder is the state.
 */

import { isObject, type JsonObject, jsonOrNull } from "../system/json.ts";
import type { CallHold } from "../task/hold.ts";
import { isId } from "../task/id.ts";

export interface Awaited {
  readonly id: string;
  /** Name of the agent that alone may answer, or `people`; null = root alone. */
  readonly from: string | null;
}

/** Stands where an agent's name would; no agent can be named so. */
export const people = "@people";

export interface WaitingCall {
  readonly call: string;
  readonly why: string;
  /** Epoch milliseconds. */
  readonly until: number;
  readonly waitFor: readonly Awaited[];
  /** Why the waiting was ended, null while it was not. */
  readonly over: string | null;
}

/** Task `task` answered `to`. */
export interface Taken {
  readonly to: string;
  readonly task: string;
}

export interface WaitNote {
  readonly since: string;
  readonly calls: readonly WaitingCall[];
  readonly answers: readonly Taken[];
}

/** Bytes of a note: a turn has at most some dozens of calls. */
export const maxNoteBytes = 1 << 20;

const answered = (note: WaitNote, id: string): boolean => note.answers.some(({ to }) => to === id);

export const isOpen = (note: WaitNote, { over, waitFor }: WaitingCall): boolean =>
  over === null && waitFor.some(({ id }) => !answered(note, id));

const openCalls = (note: WaitNote): WaitingCall[] =>
  note.calls.filter((call) => isOpen(note, call));

export const isClosed = (note: WaitNote): boolean => openCalls(note).length === 0;

/** What is still waited for. */
export const awaitedIn = (note: WaitNote): Awaited[] =>
  openCalls(note).flatMap(({ waitFor }) => waitFor.filter(({ id }) => !answered(note, id)));

/** When somebody must look at it again, epoch milliseconds. */
export function dueAt(note: WaitNote, deadline: string | null): number {
  const latest = deadline === null ? Number.POSITIVE_INFINITY : Date.parse(deadline);
  return Math.min(latest, ...openCalls(note).map(({ until }) => until));
}

/** A fresh note; what an earlier one knows about the same ids stays known. */
export function noteFor(
  holds: readonly CallHold[],
  whoOf: (id: string) => string | null,
  since: string,
  earlier: WaitNote | null,
): WaitNote {
  const ids = new Set(holds.flatMap(({ waitFor }) => waitFor));
  return {
    since,
    calls: holds.map(({ call, why, until, waitFor, question }) => {
      const known = earlier?.calls.find((one) => one.call === call);
      const asked = (id: string): string | null => (question === undefined ? whoOf(id) : people);
      const awaited = waitFor.map(
        (id) => known?.waitFor.find((one) => one.id === id) ?? { id, from: asked(id) },
      );
      return { call, why, until, waitFor: awaited, over: null };
    }),
    answers: earlier?.answers.filter(({ to }) => ids.has(to)) ?? [],
  };
}

export const withAnswer = (note: WaitNote, taken: Taken): WaitNote => ({
  ...note,
  answers: [...note.answers, taken],
});

/** Ends the waiting of those open calls that `ends` gives a reason for. */
export const withEnds = (note: WaitNote, ends: (call: WaitingCall) => string | null): WaitNote => ({
  ...note,
  calls: note.calls.map((call) => (isOpen(note, call) ? { ...call, over: ends(call) } : call)),
});

/** Keys are seen by people: change only by adding. */
export const encodeNote = (note: WaitNote): Uint8Array =>
  Buffer.from(
    `${JSON.stringify({
      con: 1,
      since: note.since,
      calls: note.calls.map(({ call, why, until, waitFor, over }) => ({
        call,
        why,
        until: new Date(until).toISOString(),
        wait_for: waitFor.map(({ id, from }) => ({ id, from: from ?? "root" })),
        over,
      })),
      answers: note.answers,
    })}\n`,
  );

/** Null for what is no note. */
export function decodeNote(bytes: Uint8Array): WaitNote | null {
  const value = jsonOrNull(bytes);
  if (!isObject(value) || value["con"] !== 1 || typeof value["since"] !== "string") return null;
  const calls = all(value["calls"], callIn);
  const answers = all(value["answers"], takenIn);
  return calls === null || answers === null ? null : { since: value["since"], calls, answers };
}

function all<T>(value: unknown, read: (one: JsonObject) => T | null): readonly T[] | null {
  if (!Array.isArray(value)) return null;
  const made = value.map((one) => (isObject(one) ? read(one) : null));
  return made.every((one) => one !== null) ? made : null;
}

function callIn({ call, why, until, wait_for, over }: JsonObject): WaitingCall | null {
  if (typeof call !== "string" || typeof why !== "string" || typeof until !== "string") return null;
  const at = Date.parse(until);
  const waitFor = all(wait_for, awaitedOf);
  if (Number.isNaN(at) || waitFor === null) return null;
  return { call, why, until: at, waitFor, over: typeof over === "string" ? over : null };
}

function awaitedOf({ id, from }: JsonObject): Awaited | null {
  if (typeof id !== "string" || !isId(id) || typeof from !== "string") return null;
  return { id, from: from === "root" ? null : from };
}

const takenIn = ({ to, task }: JsonObject): Taken | null =>
  typeof to === "string" && isId(to) && typeof task === "string" && isId(task)
    ? { to, task }
    : null;
