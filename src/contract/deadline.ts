/**
 * Ends the waiting for a check: every check has a verdict soon after its deadline, whatever it does.
 *
 * Where this process itself came too late to see the deadline, because something held it up, its checks get the
 * time back that they were kept waiting, at most as much as they have.
 */
import { reasonOf } from "../system/errors.ts";
import type { Check, Verdict } from "./types.ts";

/** After the deadline: time to kill what the check started, and to say what it had printed. */
const graceMs = 2_000;
/** A timer that is later than this says that the process was held up. */
const lateMs = 1_000;

/** The verdict of `work`, or that there is none: a late one counts only for what it says it saw. */
export async function withDeadline(
  check: Check,
  work: (signal: AbortSignal) => Promise<Verdict>,
): Promise<Verdict> {
  const deadline = new AbortController();
  const verdict = (async () => work(deadline.signal))().catch(thrown);
  const first = await within(check.timeoutSeconds * 1000, verdict);
  if (first !== null) return first;
  deadline.abort();
  const after = await within(graceMs, verdict);
  const none = `no answer within ${check.timeoutSeconds} s`;
  if (check.probe.kind === "builtin" || after?.state !== "error")
    return { state: "error", why: none };
  return after.why.startsWith(none) ? after : { state: "error", why: `${none}: ${after.why}` };
}

/** Null when there is no verdict by then. */
function within(milliseconds: number, verdict: Promise<Verdict>): Promise<Verdict | null> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout;
    let back = milliseconds;
    const wait = (time: number): void => {
      const due = performance.now() + time;
      timer = setTimeout(() => {
        const late = performance.now() - due;
        const more = Math.min(late, back);
        if (late <= lateMs || more <= 0) return resolve(null);
        back -= more;
        wait(more);
      }, time);
    };
    wait(milliseconds);
    void verdict.then((one) => {
      clearTimeout(timer);
      resolve(one);
    });
  });
}

/** What a check throws, in words and without its stack. */
export function thrown(error: unknown): Verdict {
  return { state: "error", why: reasonOf(error) };
}
