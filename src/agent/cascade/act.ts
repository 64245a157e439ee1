/**
 * Where the loop meets the cascade: before the first model call, after calls of the rule engine, at a poor answer.
 *
 * Every look is a line; an answer stands in the journal like any model's, at no cost, so that whoever resumes finds it
 * and asks no layer again. After a crash before these lines are whole, the layers look once more: they change nothing.
 */
import type { ModelReply } from "../../model/types.ts";
import type { Outcome } from "../../task/task.ts";
import type { Section } from "../background.ts";
import type { Run } from "../run.ts";
import type { CascadeAnswer, Look } from "./look.ts";
import { isPoor, qualityOf } from "./quality.ts";

export interface Looked {
  /** What the layers add to the background. */
  readonly sections: readonly Section[];
  readonly reply: ModelReply | null;
}

/** `background` is what the agent knows already. */
export async function lookFirst(run: Run, background: readonly Section[]): Promise<Looked> {
  const { cascade } = run.options;
  if (cascade === undefined) return { sections: [], reply: null };
  const { looks, answer, sections } = await cascade.before(background);
  for (const look of looks) note(run, look);
  return { sections, reply: answer === null ? null : replyOf(answer) };
}

const note = (run: Run, look: Look): void =>
  run.record({ kind: "cascade", ...look, at: run.now() });

const replyOf = (answer: CascadeAnswer): ModelReply => ({
  ...answer,
  usage: { input: 0, output: 0 },
  costUsd: 0,
});

/** The rule engine words what its own calls brought; with one that failed, a model takes over. */
export async function ruleWords(run: Run): Promise<ModelReply | null> {
  const { cascade, messages, steps } = run.state;
  const isOurs = cascade.reflex && steps === 1 && !cascade.stumbled;
  if (!isOurs || run.options.cascade === undefined) return null;
  const answer = await run.options.cascade.finish(messages);
  return answer === null ? null : replyOf(answer);
}

export const modelOf = ({ state, options }: Pick<Run, "state" | "options">): string => {
  const { model } = state.cascade;
  // A grant may have ended since: its own model is always there.
  return model !== null && options.cascade?.usable(model) === true ? model : options.model;
};

/** True when the answer is poor and a better model is to be asked: once, and never after a tool was called. */
export function escalates(run: Run): boolean {
  const { state, options, task } = run;
  const { answer, cascade, tally, steps } = state;
  if (answer === null || options.cascade === undefined || options.completion !== null) return false;
  if (cascade.judged || cascade.usedTools || isOwn(tally.model ?? "")) return false;
  const better = options.cascade.better(modelOf(run));
  if (better === null) return false;
  const quality = qualityOf(task.request.text, answer);
  const { score } = quality;
  const veto = isPoor(quality) ? vetoOf(run, steps) : null;
  if (!isPoor(quality))
    note(run, { layer: "escalate", verdict: "passed", why: quality.why, score });
  else if (veto !== null) note(run, { layer: "escalate", verdict: "skipped", why: veto, score });
  else note(run, { layer: "escalate", verdict: "hit", why: quality.why, score, model: better });
  return isPoor(quality) && veto === null;
}

/** Not from a model. */
const isOwn = (model: string): boolean => /^(?:cache|documents|builtin)\//.test(model);

function vetoOf(run: Run, steps: number): string | null {
  if (run.state.cascade.warned) return "a budget is nearly spent";
  if (steps >= run.options.limits.steps) return "no step is left";
  if (run.signal.aborted) return "the task was told to stop";
  return run.meter.warning() === null ? null : "the window is nearly full";
}

/** The better model gave none: the first answer is better than a failure. */
export function poorEnd(run: Run): Outcome | null {
  const { poor, usedTools } = run.state.cascade;
  if (poor === null || poor.trim() === "" || usedTools || run.signal.aborted) return null;
  return { kind: "done", answer: poor, tally: run.state.tally };
}
