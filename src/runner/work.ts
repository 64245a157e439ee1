/**
 * One task from its claim to its fate: attempt it, obey control files meanwhile, then settle it, defer
 * it, hold it, or leave it for the next session. An answer that a held task waits for is given to it.
 * The settling of an attempt's final outcome may wait until the next task, if one is in sight, is
 * claimed and its request is on its way.
 *
 * Never: settles a task that was only interrupted, or lets an attempt that ended without an outcome
 * pass uncounted. After a crash before the settling: the journal has the outcome, and the next session
 * settles it without asking a model again.
 */

import { takeAnswer, wokenCalls } from "../spool/answers.ts";
import { writeAttempts } from "../spool/attempts.ts";
import { deferTask } from "../spool/defer.ts";
import { holdTask } from "../spool/held.ts";
import { isTryLater } from "../spool/reply.ts";
import { reasonOf } from "../system/errors.ts";
import type { FinalOutcome } from "../task/record.ts";
import { expired } from "../task/retry.ts";
import { emptyTally, type HeldOutcome, type Outcome, type Tally, type Task } from "../task/task.ts";
import { isBareAnswer, isStewardAnswer } from "../task/trust.ts";
import { settleControl, watchControls } from "./controls.ts";
import { finish, type Session, settleEnded } from "./ends.ts";
import type { Job } from "./intake.ts";

/** Brings `job` as far as it goes now; its settling may be left to `settleEnded`. */
export async function work(session: Session, job: Job): Promise<void> {
  const { task } = job;
  const { control, deadline } = task.request;
  if (control !== null) return settleControl(session, job, null);
  if (task.request.replyTo !== null && takenAsAnswer(session, job)) return;
  if (isBareAnswer(task)) return finish(session, job, unmatched(session, task));
  if (expired(deadline, session.world.now())) {
    const why = `its deadline ${deadline} passed before it could be done`;
    return finish(session, job, failed(why, `This task was not done: ${why}.`, emptyTally));
  }
  await attemptJob(session, job);
}

/** True when somebody waited for it: it is settled, and who waited has its turn. */
function takenAsAnswer(session: Session, job: Job): boolean {
  const taken = takeAnswer(session.world, session.post, job);
  if (taken.kind === "none") return false;
  if (taken.woken !== null) session.leftovers.push({ id: taken.woken, fresh: false });
  return true;
}

/** The words that root was made to say by asking for something odd must not become work. */
function unmatched({ world }: Session, task: Task): FinalOutcome {
  const { replyTo } = task.request;
  const whose = isStewardAnswer(task) ? "the steward" : "a person";
  world.log.warn("an answer came when nothing waited for it", { id: task.id, to: replyTo });
  const answer = `Nothing waited for this answer of ${whose} to ${replyTo}. It was kept, and not run.`;
  return { kind: "done", answer, tally: emptyTally };
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
    const attempted = runAttempt(session, job, abort.signal);
    const unsettled = await settleMeanwhile(session);
    if (unsettled !== null) onStop();
    const ended = await attempted;
    const trouble = unsettled ?? (await controls.end());
    if (trouble !== null) throw trouble;
    if (ended.kind === "trouble") throw ended.error;
    decide(session, job, ended, happened);
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

interface Trouble {
  readonly kind: "trouble";
  readonly error: unknown;
}

/**
 * Never rejects, because nobody listens at first. An attempt that throws has a bug, and ends like one
 * that was killed: counted, tried again later.
 */
async function runAttempt(
  session: Session,
  job: Job,
  signal: AbortSignal,
): Promise<Outcome | Trouble> {
  try {
    const { attempts } = job.attempts;
    // Only a task that was begun before can have waited.
    const woken = attempts === 1 ? [] : await wokenCalls(session.world, session.post, job.task.id);
    return await session.attempt(job.task, { signal, attempts, woken });
  } catch (error) {
    if (isTryLater(error)) return { kind: "trouble", error };
    const why = reasonOf(error);
    session.world.log.error("an attempt broke off", { id: job.task.id, why });
    return { kind: "defer", why: "an internal error", notBefore: null, tally: emptyTally };
  }
}

/** Settles the task before this one while the model works. What went wrong with that, or null. */
async function settleMeanwhile(session: Session): Promise<unknown> {
  if (session.unsettled.length === 0) return null;
  // The request is written when the event loop turns.
  await new Promise((resolve) => setImmediate(resolve));
  try {
    settleEnded(session);
    return null;
  } catch (error) {
    return error;
  }
}

function decide(session: Session, job: Job, outcome: Outcome, happened: Interruption): void {
  const { tally } = outcome;
  if (happened.cancelledBy !== null) {
    finish(session, job, { kind: "cancelled", by: happened.cancelledBy, tally });
  } else if (outcome.kind === "held") {
    putOnHold(session, job, outcome);
  } else if (happened.stopped && outcome.kind !== "done") {
    // Anything but a finished answer may be the abort itself: the task stays active.
    session.world.log.info("task interrupted", { id: job.task.id });
  } else if (outcome.kind === "defer") {
    putOff(session, job, outcome);
  } else {
    session.unsettled.push(() => finish(session, job, outcome));
  }
}

/** Also when told to stop: what waits is on disk. */
function putOnHold(session: Session, job: Job, outcome: HeldOutcome): void {
  const { world, post, leftovers } = session;
  const { id } = job.task;
  const fate = holdTask(world, post, job.task, job.attempts, outcome.holds);
  if (fate === "awake") leftovers.push({ id, fresh: false });
  world.log.info("task held", {
    id,
    until: new Date(outcome.until).toISOString(),
    why: outcome.why,
  });
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
