/** How a program's end becomes the outcome of an attempt. Pure. */
import { failed } from "../../agent/limits.ts";
import type { RunState } from "../../agent/state.ts";
import type { Ending } from "../../sandbox/exec.ts";
import { safeText } from "../../sandbox/output.ts";
import type { Outcome } from "../../task/task.ts";
import type { Refusal } from "../bridge/types.ts";

export interface Ended {
  readonly ending: Ending;
  readonly output: Buffer;
  /** More than the sender may get: it was ended for that. */
  readonly tooLong: boolean;
  readonly outOfTime: boolean;
  /** Cancelled, or the runner must end. */
  readonly stopped: boolean;
  /** Its last words. */
  readonly said: string;
  /** What the latest call of a model was refused for, where waiting helps. */
  readonly refusal: Refusal | null;
}

/** sysexits(3): try again later. */
const tempFail = 75;

export const answerBytes = 1_000_000;

const silence = "The program ended well and printed nothing.";

export function judge(
  state: RunState,
  ended: Ended,
  limits: { readonly seconds: number },
): Outcome {
  const { ending } = ended;
  const { tally } = state;
  if (ending.kind === "exit" && ending.code === 0 && !ended.tooLong) {
    const answer = safeText(ended.output).trimEnd();
    return { kind: "done", answer: answer === "" ? silence : answer, tally };
  }
  if (ended.stopped) return { kind: "defer", why: "the run was stopped", notBefore: 0, tally };
  if (ended.tooLong)
    return failed(
      state,
      `its program printed more than ${answerBytes} bytes`,
      "Ask for a shorter answer, or for a file.",
    );
  if (ending.kind === "timeout" || ended.outOfTime)
    return failed(
      state,
      `it took longer than ${limits.seconds} s`,
      "Ask for less at once, or raise limits.runtime of the agent.",
    );
  if (ending.kind === "exit") return byCode(state, ending.code, ended);
  const why = ending.kind === "broken" ? ending.why : "it was ended";
  return { kind: "defer", why: `its program did not run: ${why}`, notBefore: null, tally };
}

function byCode(state: RunState, code: number, { said, refusal }: Ended): Outcome {
  const { tally } = state;
  const words = said === "" ? "" : `: ${said}`;
  if (code === tempFail)
    return { kind: "defer", why: `its program is put off${words}`, notBefore: null, tally };
  if (refusal !== null)
    return {
      kind: "defer",
      why: `the model is away: ${refusal.message}`,
      notBefore: refusal.notBefore,
      tally,
    };
  const why = `its program ${codeText(code)}${words}`;
  return failed(state, why, "con trace shows all that it said.");
}

function codeText(code: number): string {
  if (code === 126 || code === 127) return `could not be started (exit code ${code})`;
  if (code <= 128 || code > 192) return `ended with exit code ${code}`;
  const hint = code === 137 ? ", perhaps because it used too much memory" : "";
  return `was killed by signal ${code - 128}${hint}`;
}

/** How it ended, for the journal. */
export function endText({ ending, tooLong, outOfTime, stopped }: Ended): string {
  if (ending.kind === "exit") return `exit code ${ending.code}`;
  if (ending.kind === "broken") return `not run: ${ending.why}`;
  if (stopped) return "killed: the task was stopped";
  if (tooLong) return "killed: it printed too much";
  return outOfTime || ending.kind === "timeout" ? "killed: out of time" : "killed";
}
