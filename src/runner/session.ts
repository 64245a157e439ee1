/**
 * One session of one agent: lock, recover, then claim, work and settle until nothing is left; linger
 * a moment for the next task; end. One task at a time.
 *
 * Never: runs beside another session of the same agent, or ends while a task waits that it could run.
 * On a full or failing disk: ends with 75, and every task stays where it is. On SIGTERM: ends with 0,
 * and the task at hand is resumed by the next session without counting as a failure.
 */
import type { AgentRuntime } from "../config/runtime.ts";
import { begun, readAttempts, writeAttempts } from "../spool/attempts.ts";
import { bringBack, dueTasks } from "../spool/defer.ts";
import { dueHeld, endDue } from "../spool/held.ts";
import { pathIn } from "../spool/known.ts";
import { readQueued } from "../spool/queued.ts";
import { finishSettled, isActive, recover } from "../spool/recover.ts";
import { isTryLater } from "../spool/reply.ts";
import { tidy } from "../spool/tidy.ts";
import { type ExitCode, exit, reasonOf } from "../system/errors.ts";
import { type Attempt, type Session, settleEnded } from "./ends.ts";
import { createIntake, type Intake, type Job } from "./intake.ts";
import { work } from "./work.ts";
import { postOf, type SessionWorld } from "./world.ts";

export type { Attempt } from "./ends.ts";

/** Deferred tasks are looked for at most this often while others run. */
const dueEveryMs = 1_000;

/** Runs `agent` until its queue is empty. Returns the exit code. */
export async function runSession(
  world: SessionWorld,
  agent: AgentRuntime,
  attempt: Attempt,
): Promise<ExitCode> {
  const post = postOf(world.root, agent);
  const lock = await world.lock(post.paths.lock);
  if (lock === null) {
    world.log.info("another runner of this agent is at work", { agent: agent.name });
    return exit.tryLater;
  }
  const hints = world.watch(post.inboxes);
  try {
    const resumed = await recover(world, post);
    const leftovers = resumed.map((id) => ({ id, fresh: false }));
    const intake = createIntake(world, post, hints);
    const session: Session = { world, post, attempt, hints, intake, leftovers, unsettled: [] };
    await runAll(session);
    if (!world.stop.aborted) tidy(world, post);
    return intake.stuck() ? exit.tryLater : exit.ok;
  } catch (error) {
    if (!isTryLater(error)) throw error;
    world.log.error("the disk is full or failing; tasks stay where they are", {
      why: reasonOf(error),
    });
    return exit.tryLater;
  } finally {
    hints.close();
    lock.release();
  }
}

async function runAll(session: Session): Promise<void> {
  const { world } = session;
  let dueLookedAt = Number.NEGATIVE_INFINITY;
  let idleSince = world.now();
  while (!world.stop.aborted) {
    if (world.now() - dueLookedAt >= dueEveryMs) {
      dueLookedAt = world.now();
      await takeDue(session);
    }
    // With nothing in sight, nobody's answer waits for a search.
    if (session.leftovers.length === 0 && !session.intake.more()) settleEnded(session);
    const job = (await nextLeftover(session)) ?? (await session.intake.next());
    if (job !== null) {
      await work(session, job);
      idleSince = world.now();
      // A control file may just have made a deferred task due.
      if (job.task.request.control !== null) dueLookedAt = Number.NEGATIVE_INFINITY;
      continue;
    }
    settleEnded(session);
    if (!(await linger(session.intake, world, idleSince))) return;
  }
  settleEnded(session);
}

/** False when it is time to go: nothing came for a while, and a last look found nothing. */
async function linger(intake: Intake, world: SessionWorld, idleSince: number): Promise<boolean> {
  const left = idleSince + world.lingerMs - world.now();
  if (left <= 0 && !intake.waiting()) return intake.look();
  await intake.wait(Math.max(left, 0), world.stop);
  return true;
}

async function takeDue({ world, post, leftovers }: Session): Promise<void> {
  for (const id of dueTasks(world, post)) {
    bringBack(world, post, id);
    leftovers.push({ id, fresh: false });
  }
  for (const id of dueHeld(world, post))
    if (await endDue(world, post, id)) leftovers.push({ id, fresh: false });
}

/** The next task that is active already; it may have been cancelled while it waited. */
async function nextLeftover(session: Session): Promise<Job | null> {
  const { world, post, leftovers } = session;
  for (let next = leftovers.shift(); next !== undefined; next = leftovers.shift()) {
    const { id, fresh } = next;
    if (!isActive(world, post, id)) continue;
    const queued = await readQueued(world.disk, pathIn(post.paths, "active", id), world.loadYaml);
    if (typeof queued === "string") continue;
    // A power cut may have undone the last move of a deferred task that was answered.
    const woken = (waiter: string): void => void leftovers.push({ id: waiter, fresh: false });
    if (finishSettled(world, post, queued.task, woken)) continue;
    const last = readAttempts(world.disk, post.paths, id);
    if (fresh) return { ...queued, attempts: last };
    const attempts = begun(last, world.progress(id));
    writeAttempts(world.disk, post.paths, id, attempts);
    return { ...queued, attempts };
  }
  return null;
}
