/**
 * What the parts of a session share, and how a task of it is settled: now, or a moment later.
 *
 * Never: settles twice. After a crash before a settling that waits: the journal has the outcome.
 */
import { settle } from "../spool/settle.ts";
import type { Post } from "../spool/world.ts";
import type { Woken } from "../task/hold.ts";
import type { FinalOutcome } from "../task/record.ts";
import type { Outcome, Task } from "../task/task.ts";
import type { Hints } from "./inbox-watch.ts";
import type { Intake, Job } from "./intake.ts";
import type { SessionWorld } from "./world.ts";

/** Works on a task. `signal` aborts when the task is cancelled or the session must end. */
export type Attempt = (
  task: Task,
  context: {
    readonly signal: AbortSignal;
    readonly attempts: number;
    /** What came back for calls that waited. */
    readonly woken?: readonly Woken[];
  },
) => Promise<Outcome>;

export interface Session {
  readonly world: SessionWorld;
  readonly post: Post;
  readonly attempt: Attempt;
  readonly hints: Hints;
  readonly intake: Intake;
  /** Active tasks that wait for their turn; `fresh` = no attempt was begun. */
  readonly leftovers: { readonly id: string; readonly fresh: boolean }[];
  /** Settles tasks that have their final outcome; one at most. */
  readonly unsettled: (() => void)[];
}

/** Settles what waits for it. May be called at any time, and must be before the session ends. */
export function settleEnded({ unsettled }: Session): void {
  for (let next = unsettled.shift(); next !== undefined; next = unsettled.shift()) next();
}

export function finish(session: Session, job: Job, outcome: FinalOutcome): void {
  const { attempts } = job.attempts;
  const run = { place: "active", attempts, startedAt: job.claimedAt } as const;
  settle(session.world, session.post, job.task, outcome, run);
}
