/**
 * One task from its claim to its fate: attempt it, obey control files meanwhile, then settle it, defer
 * it, or leave it for the next session.
 *
 * Never: settles a task that was only interrupted, or lets an attempt that ended without an outcome
 * pass uncounted.
 */
import { writeAttempts } from "../spool/attempts.ts";
import { obey, type Running } from "../spool/control.ts";
import { deferTask } from "../spool/defer.ts";
import { isTryLater } from "../spool/reply.ts";
import { settle } from "../spool/settle.ts";
import type { Post } from "../spool/world.ts";
import type { FinalOutcome } from "../task/record.ts";
import { expired } from "../task/retry.ts";
import { emptyTally, type Outcome, type Tally, type Task } from "../task/task.ts";
import type { Hints } from "./inbox-watch.ts";
import type { Intake, Job } from "./intake.ts";
import type { SessionWorld } from "./world.ts";

/** Works on a task. `signal` aborts when the task is cancelled or the session must end. */
export type Attempt = (
  task: Task,
  context: { readonly signal: AbortSignal; readonly attempts: number },
) => Promise<Outcome>;

export interface Session {
  readonly world: SessionWorld;
  readonly post: Post;
  readonly attempt: Attempt;
  readonly hints: Hints;
  readonly intake: Intake;
  /** Active tasks that wait for their turn; `fresh` = no attempt was begun. */
  readonly leftovers: { readonly id: string; readonly fresh: boolean }[];
}

/** Brings `job` as far as it goes now. */
export async function work(session: Session, job: Job): Promise<void> {
  const { task } = job;
  const { control, deadline } = task.request;
  if (control !== null) return settleControl(session, job, null);
  if (expired(deadline, session.world.now())) {
    const why = `its deadline ${deadline} passed before it could be done`;
    return finish(session, job, failed(why, `This task was not done: ${why}.`, emptyTally));
  }
  await attemptJob(session, job);
}

/** What happened to the attempt from outside. */
interface Interruption {
  cancelledBy: string | null;
  stopped: boolean;
}

async function attemptJob(session: Session, job: Job): Promise<void> {
  const { stop } = session.world;
  const happened: Interruption = { cancelledBy: null, stopped: false };
  const abort = new AbortController();
  const onStop = (): void => {
    happened.stopped = true;
    release(session, job);
    abort.abort(new Error("the runner is asked to end"));
  };
  if (stop.aborted) return release(session, job);
  stop.addEventListener("abort", onStop, { once: true });
  const controls = watchControls(session, job, (by) => {
    happened.cancelledBy = by;
    abort.abort(new Error(`cancelled by ${by}`));
  });
  try {
    const outcome = await runAttempt(session, job, abort.signal);
    const trouble = await controls.end();
    if (trouble !== null) throw trouble;
    decide(session, job, outcome, happened);
  } finally {
    await controls.end();
    stop.removeEventListener("abort", onStop);
  }
}

/** Said before the abort: whatever happens to us next, the end of this attempt is no crash. */
function release(session: Session, job: Job): void {
  const { world, post } = session;
  try {
    writeAttempts(world.disk, post.paths, job.task.id, { ...job.attempts, released: true });
  } catch (error) {
    if (!isTryLater(error)) throw error;
    // The task is safe; at worst this end counts as one strike.
    world.log.warn("the end of an attempt could not be noted", { id: job.task.id });
  }
}

/** An attempt that throws has a bug, and ends like one that was killed: counted, tried again later. */
async function runAttempt(session: Session, job: Job, signal: AbortSignal): Promise<Outcome> {
  try {
    return await session.attempt(job.task, { signal, attempts: job.attempts.attempts });
  } catch (error) {
    if (isTryLater(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    session.world.log.error("an attempt broke off", { id: job.task.id, why });
    return { kind: "defer", why: "an internal error", notBefore: null, tally: emptyTally };
  }
}

function decide(session: Session, job: Job, outcome: Outcome, happened: Interruption): void {
  const { tally } = outcome;
  if (happened.cancelledBy !== null) {
    finish(session, job, { kind: "cancelled", by: happened.cancelledBy, tally });
  } else if (happened.stopped && outcome.kind !== "done") {
    // Anything but a finished answer may be the abort itself: the task stays active.
    session.world.log.info("task interrupted", { id: job.task.id });
  } else if (outcome.kind === "defer") {
    putOff(session, job, outcome);
  } else {
    finish(session, job, outcome);
  }
}

function putOff(session: Session, job: Job, outcome: Extract<Outcome, { kind: "defer" }>): void {
  const { world, post } = session;
  const fate = deferTask(world, post, job.task, job.attempts, outcome.notBefore);
  if (fate.kind === "deferred") {
    const until = new Date(fate.until).toISOString();
    world.log.info("task deferred", { id: job.task.id, until, why: outcome.why });
    return;
  }
  const why = `gave up after ${fate.strikes} attempts: ${outcome.why}`;
  finish(session, job, failed(why, `This task could not be done: ${why}.`, outcome.tally));
  world.log.error("gave up a task", { id: job.task.id, why: outcome.why });
}

const failed = (why: string, answer: string, tally: Tally): FinalOutcome => ({
  kind: "failed",
  why,
  answer,
  tally,
});

function finish(session: Session, job: Job, outcome: FinalOutcome): void {
  const { attempts } = job.attempts;
  const run = { place: "active", attempts, startedAt: job.claimedAt } as const;
  settle(session.world, session.post, job.task, outcome, run);
}

/** Obeys control files that arrive while `job` runs. `end` waits for the one at hand. */
function watchControls(session: Session, job: Job, cancel: (by: string) => void) {
  const over = new AbortController();
  const running = { task: job.task, cancel };
  const watching = obeyWhile(session, running, over.signal).then(
    () => null,
    (error: unknown) => error,
  );
  return {
    /** What went wrong, or null. */
    end: (): Promise<unknown> => {
      // A reason of our own: the default one is an exception with a stack trace.
      over.abort("over");
      return watching;
    },
  };
}

async function obeyWhile(session: Session, running: Running, over: AbortSignal): Promise<void> {
  const { hints, intake } = session;
  while (await hints.wait(Number.POSITIVE_INFINITY, over)) {
    if (over.aborted) {
      hints.give();
      return;
    }
    for (;;) {
      const control = await intake.nextControl();
      if (control === null) break;
      await settleControl(session, control, running);
    }
  }
}

async function settleControl(session: Session, job: Job, running: Running | null): Promise<void> {
  const { world, post, leftovers } = session;
  const { control } = job.task.request;
  if (control === null) {
    // It looked like a control file and is an ordinary task: its turn comes.
    leftovers.push({ id: job.task.id, fresh: true });
    return;
  }
  const claimed = (id: string): void => {
    leftovers.push({ id, fresh: true });
  };
  finish(session, job, await obey(world, post, job.task, control, { running, claimed }));
}
