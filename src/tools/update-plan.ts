/** Keeps the plan of this thread, which is put before the model again when a task of the thread begins. */
import { isFinished, maxPlanBytes } from "../task/plan.ts";
import { done, refused, text } from "./answer.ts";
import type { Tool } from "./tool.ts";

export const updatePlan: Tool = {
  name: "update_plan",
  description:
    "Keeps your plan as Markdown with boxes: `- [ ] to do`, `- [x] done`. Each call replaces the whole plan. You " +
    "see it again when the next task of this thread begins, so write what is still to be done and what you " +
    "learned that it takes. A plan whose boxes are all ticked, or an empty one, is cleared.",
  parameters: {
    type: "object",
    properties: {
      plan: {
        type: "string",
        maxLength: maxPlanBytes,
        description: "The whole plan, at most 16 KiB; empty to clear it",
      },
    },
    required: ["plan"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  async run(args, { plans, task }) {
    if (plans === undefined) return refused("no plan can be kept here");
    const plan = text(args, "plan").trim().toWellFormed();
    const size = Buffer.byteLength(plan);
    if (size > maxPlanBytes)
      return refused(`the plan has ${size} bytes, and may have ${maxPlanBytes}: shorten it`);
    if (plan === "" || isFinished(plan)) {
      plans.clear();
      return done(plan === "" ? "the plan is cleared" : "all is done: the plan is cleared");
    }
    plans.replace(`${plan}\n`, { tainted: task.tainted === true });
    return done("the plan is kept");
  },
};
