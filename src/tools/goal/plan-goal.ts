/**
 * Takes a goal apart: a graph of parts for other agents, checked and kept. Nobody is asked here; run_batch does that.
 *
 * Called again it is a new graph for what is left: what is done stays. So often and no more, counted in the kept goal,
 * so that no crash and no compaction gives another try. A graph of which nothing was asked yet is replaced freely.
 */
import { checkGraph, type Helpers } from "../../task/goal/check.ts";
import { inState, inTurnOf } from "../../task/goal/state.ts";
import {
  defaultDeadlineMs,
  type Escalation,
  type Goal,
  maxEscalations,
  maxParts,
  maxReplans,
  type PartPlan,
} from "../../task/goal/types.ts";
import { nextStep, tableOf } from "../../task/goal/words.ts";
import { done, refused, text } from "../answer.ts";
import type { ToolResult } from "../result.ts";
import { timeoutMs } from "../timeout.ts";
import type { Tool, ToolContext } from "../tool.ts";

const id = { type: "string", pattern: "^[a-z][a-z0-9-]{0,30}$" } as const;
const span = "^[1-9][0-9]{0,4}(s|min|h)$";
const words = (maxLength: number, description: string) =>
  ({ type: "string", minLength: 1, maxLength, description }) as const;

const part = {
  id: { ...id, description: "A short name for it, e.g. measure" },
  agent: { type: "string", minLength: 1, maxLength: 64, description: "Who does it: an agent" },
  role: { ...id, description: "Instead of agent: a temporary agent of this role does it" },
  task: words(8192, "The task, complete in itself: nobody sees this conversation"),
  depends_on: {
    type: "array",
    maxItems: maxParts,
    uniqueItems: true,
    items: id,
    description: "Parts whose results it needs; it gets them with its task",
  },
  deadline: { type: "string", pattern: span, description: "How long it may take (default 1h)" },
  expect: words(1000, "What a good answer to it holds"),
  escalate: {
    type: "array",
    maxItems: maxEscalations,
    items: {
      type: "object",
      properties: {
        on: { type: "string", enum: ["failed", "late", "too_long"] },
        agent: { type: "string", minLength: 1, maxLength: 64 },
      },
      required: ["on", "agent"],
      additionalProperties: false,
    },
    description:
      "Whom the next run_batch asks instead, after which cause. too_long: it did not fit into its limits",
  },
} as const;

export const planGoal: Tool = {
  name: "plan_goal",
  description:
    "Takes a goal apart into parts for other agents and keeps the graph. Nothing is asked yet: then call run_batch " +
    `until nothing is ready. After failures call it again with parts for what is left (at most ${maxReplans} times); ` +
    "parts that are done stay, and new ones may depend on them. Parts that do not need each other run side by side.",
  parameters: {
    type: "object",
    properties: {
      goal: words(4000, "What is to be reached, in your words"),
      parts: {
        type: "array",
        minItems: 1,
        maxItems: maxParts,
        items: {
          type: "object",
          properties: part,
          required: ["id", "task", "depends_on"],
          additionalProperties: false,
        },
      },
      final: words(2000, "What your answer to the whole is to be made of"),
    },
    required: ["goal", "parts", "final"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  run: async (args, context) => plan(args, context),
};

type Args = Readonly<Record<string, unknown>>;

function plan(args: Args, context: ToolContext): ToolResult {
  const { goals, callId } = context;
  if (goals === undefined) return refused("no goal can be kept here");
  const before = goals.load();
  if (before !== null && isWaiting(before, callId))
    return refused(
      "run_batch of this turn still waits for parts: plan anew when its result is there",
    );
  const raw = args["parts"] as readonly Args[];
  const odd = raw.flatMap(faultsOf);
  const plans = raw.map(planOf);
  const kept = before === null ? [] : inState(before, "done");
  const faults = [...odd, ...checkGraph(plans, kept, helpersOf(context))];
  if (faults.length > 0)
    return refused(["The graph was not taken:", ...faults.map((why) => `- ${why}`)].join("\n"));
  const after = goalOf(args, plans, before, kept);
  // The same call made again after a crash.
  if (before !== null && isSame(before, after)) return done(said(before));
  if (after.replans > maxReplans)
    return refused(
      `the goal was planned anew ${maxReplans} times, and no further plan is taken: answer with what there is, and say what is missing`,
    );
  goals.save(after);
  return done(said(after));
}

const said = (goal: Goal): string =>
  [`The goal has ${goal.parts.length} parts:`, ...tableOf(goal), nextStep(goal)].join("\n");

function goalOf(
  args: Args,
  plans: readonly PartPlan[],
  before: Goal | null,
  kept: Goal["parts"],
): Goal {
  const wasAsked = before?.parts.some(
    ({ plan: of, attempts }) => of === before.replans && attempts.length > 0,
  );
  const replans = (before?.replans ?? 0) + (wasAsked === true ? 1 : 0);
  const dropped =
    before?.parts.filter((one) => one.attempts.length > 0 && !kept.includes(one)) ?? [];
  return {
    version: 1,
    goal: text(args, "goal"),
    final: text(args, "final"),
    replans,
    parts: [...kept, ...plans.map((one) => ({ ...one, plan: replans, attempts: [] }))],
    dropped: [...(before?.dropped ?? []), ...dropped],
  };
}

const isWaiting = (goal: Goal, call: string): boolean =>
  inState(goal, "asked").some(({ attempts }) => inTurnOf(call, attempts.at(-1)?.call ?? ""));

/** Nothing of it was asked yet, and it says the same. */
const isSame = (before: Goal, after: Goal): boolean =>
  JSON.stringify({ ...before, dropped: [] }) === JSON.stringify({ ...after, dropped: [] });

function faultsOf(raw: Args): string[] {
  const who = ["agent", "role"].filter((key) => raw[key] !== undefined);
  const deadline = raw["deadline"];
  const isOdd = typeof deadline === "string" && timeoutMs(deadline) === null;
  return [
    ...(who.length === 1 ? [] : [`part ${raw["id"]}: name either an agent or a role`]),
    ...(isOdd ? [`part ${raw["id"]}: deadline ${deadline} is more than 24h`] : []),
  ];
}

/** Arguments were validated against the schema before. */
const planOf = (raw: Args): PartPlan => ({
  id: text(raw, "id"),
  to:
    raw["role"] === undefined
      ? { kind: "agent", name: String(raw["agent"] ?? "") }
      : { kind: "role", name: text(raw, "role") },
  task: text(raw, "task"),
  dependsOn: raw["depends_on"] as readonly string[],
  deadlineMs:
    (typeof raw["deadline"] === "string" ? timeoutMs(raw["deadline"]) : null) ?? defaultDeadlineMs,
  expect: typeof raw["expect"] === "string" ? raw["expect"] : null,
  escalate: (raw["escalate"] ?? []) as readonly Escalation[],
});

const helpersOf = ({ peers, spawning, steward }: ToolContext): Helpers => ({
  agents: peers.list(),
  roles: spawning === undefined || steward === undefined ? null : (spawning.roles ?? []),
});
