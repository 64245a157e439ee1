/**
 * Control files during a session: obeyed while a task runs, and in their turn otherwise.
 *
 * Never: lets one act on a task that has ended and is not settled yet.
 */
import { obey, type Running } from "../spool/control.ts";
import { rest } from "../system/rest.ts";
import { finish, type Session, settleEnded } from "./ends.ts";
import type { Job } from "./intake.ts";

/** Obeys control files that arrive while `job` runs. `end` waits for the one at hand. */
export function watchControls(session: Session, job: Job, cancel: (by: string) => void) {
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
    // Also with no time to wait the event loop turns: the kernel tells of each file of a flood by itself, and a scan for
    // each would keep the model's answer from being read.
    await rest(intake.restMs(), over);
  }
}

export async function settleControl(
  session: Session,
  job: Job,
  running: Running | null,
): Promise<void> {
  const { world, post, leftovers } = session;
  const { control } = job.task.request;
  // For a control file, a task that has ended is settled.
  settleEnded(session);
  if (control === null) {
    // It looked like a control file and is an ordinary task: its turn comes.
    leftovers.push({ id: job.task.id, fresh: true });
    return;
  }
  const claimed = (id: string): void => {
    leftovers.push({ id, fresh: true });
  };
  const woken = (id: string): void => {
    leftovers.push({ id, fresh: false });
  };
  finish(session, job, await obey(world, post, job.task, control, { running, claimed, woken }));
}
