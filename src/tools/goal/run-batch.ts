/**
 * Asks everybody whose part is ready, and holds the task until all have answered or their time is over.
 *
 * What is about to be asked is kept first, under ids that follow from part and attempt, so that the same call made again
 * after a crash asks nobody twice. What came back is written into the goal when the waiting is over, from the answers
 * alone, so that doing it again comes to the same. Never: asks a part before those that it depends on are done.
 */
import { inState, inTurnOf, nextTarget, withAttempt, withPart } from "../../task/goal/state.ts";
import type { Attempt, Goal, Part } from "../../task/goal/types.ts";
import { nextStep, tableOf } from "../../task/goal/words.ts";
import { refused } from "../answer.ts";
import type { ToolResult } from "../result.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { askPart } from "./ask-part.ts";
import { takeAnswers } from "./take-answers.ts";

const noGoal = "there is no goal: call plan_goal first";

export const runBatch: Tool = {
  name: "run_batch",
  description:
    "Asks everybody whose part of the goal is ready, side by side, and waits until all have answered or their time is " +
    "over; waiting costs nothing. The result is a table of all parts, then what each said, as data. Call it again " +
    "while parts are ready.",
  parameters: { type: "object", properties: {}, additionalProperties: false },
  parallel: false,
  repeatable: true,
  async run(_, context) {
    const goal = context.goals?.load() ?? null;
    if (context.goals === undefined || goal === null) return refused(noGoal);
    const begun = begin(withoutLost(goal, context.callId), context);
    context.goals.save(begun);
    const open = openAt(begun, context.callId);
    if (open.length === 0) return idle(begun);
    return askAll(begun, open, context);
  },
  async onWoken(woken, context) {
    const goal = context.goals?.load() ?? null;
    if (context.goals === undefined || goal === null) return refused(noGoal);
    return takeAnswers(goal, woken, { ...context, goals: context.goals });
  },
};

function idle(goal: Goal): ToolResult {
  const ok = inState(goal, "done").length === goal.parts.length;
  return { ok, text: ["Nothing was asked.", ...tableOf(goal), nextStep(goal)].join("\n") };
}

const openAt = (goal: Goal, call: string): Part[] =>
  inState(goal, "asked").filter(({ attempts }) => attempts.at(-1)?.call === call);

/** Attempts of an earlier turn that nobody waits for any more: its result is there, with or without them. */
function withoutLost(goal: Goal, call: string): Goal {
  const lost = inState(goal, "asked").filter(({ attempts }) => {
    const asking = attempts.at(-1)?.call ?? "";
    return asking !== call && !inTurnOf(call, asking);
  });
  return lost.reduce((changed, part) => {
    const last = part.attempts.at(-1);
    if (last === undefined) return changed;
    if (last.id === null)
      return withPart(changed, { ...part, attempts: part.attempts.slice(0, -1) });
    const end = { kind: "late", why: "nobody waits for its answer any more", path: null } as const;
    return withPart(changed, withAttempt(part, { ...last, end }));
  }, goal);
}

/** New attempts for all that is ready; for roles, as many as may live at a time. */
function begin(goal: Goal, { callId: call, now, spawning }: ToolContext): Goal {
  // A crash cut this very call: it goes on with what it began.
  if (openAt(goal, call).length > 0) return goal;
  let places = spawning?.live ?? Number.POSITIVE_INFINITY;
  return inState(goal, "ready").reduce((changed, part) => {
    const to = nextTarget(part);
    if (to === null) return changed;
    if (to.kind === "role" && places <= 0) return changed;
    if (to.kind === "role") places -= 1;
    const asked = now();
    const attempt: Attempt = {
      to,
      call,
      id: null,
      asked,
      until: asked + part.deadlineMs,
      end: null,
    };
    return withPart(changed, { ...part, attempts: [...part.attempts, attempt] });
  }, goal);
}

async function askAll(
  begun: Goal,
  open: readonly Part[],
  context: ToolContext,
): Promise<ToolResult> {
  let goal = begun;
  const waitFor: string[] = [];
  let until = 0;
  for (const part of open) {
    const asked = await askPart(goal, part, waitFor, context);
    goal = withPart(goal, withAttempt(part, asked.attempt));
    if (asked.attempt.id === null) continue;
    waitFor.push(asked.attempt.id);
    until = Math.max(until, asked.waitUntil);
  }
  context.goals?.save(goal);
  if (waitFor.length === 0)
    return {
      ok: false,
      text: ["Nobody could be asked.", ...tableOf(goal), nextStep(goal)].join("\n"),
    };
  const names = inState(goal, "asked").map(({ id }) => id);
  const why = `${waitFor.length} parts of its goal: ${names.join(", ")}`;
  return { ok: true, text: `asked for ${names.join(", ")}`, hold: { waitFor, until, why } };
}
