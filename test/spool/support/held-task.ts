/** A task at a desk that waits for two calls. */
import { expect } from "vitest";
import { firstAttempt } from "../../../src/spool/attempts.ts";
import { holdTask } from "../../../src/spool/held.ts";
import { readNote } from "../../../src/spool/notes.ts";
import { rememberSent } from "../../../src/spool/sent.ts";
import type { CallHold } from "../../../src/task/hold.ts";
import { type Desk, idOf, me, minute, noon, put, taskOf } from "./desk.ts";

export const id = idOf(1);
export const [asked, second] = [idOf(2), idOf(3)] as const;
export const until = noon + 10 * minute;
export const first: CallHold = { call: "1-1", waitFor: [asked], until, why: "helper's answer" };
export const later: CallHold = {
  call: "1-2",
  waitFor: [second],
  until: until + minute,
  why: "root's word",
};
export const attempts = { ...firstAttempt, attempts: 2, progress: 3 };

/** Task 1, held for both calls. */
export function held(at: Desk, deadline: string | null = null): void {
  rememberSent(at.disk, me, asked, "helper");
  const task = put(at, "active", taskOf(1, { deadline }));
  expect(holdTask(at.world, at.post, task, attempts, [first, later])).toBe("held");
}

export const overs = (at: Desk) => readNote(at.disk, me, id)?.calls.map(({ over }) => over);
