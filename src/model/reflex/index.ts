/**
 * `builtin/reflex`: a rule engine behind the interface of a model, for a machine without one. Pure.
 *
 * It reads the task, calls tools in at most one turn, and words the answer from their results. Never:
 * throws, calls tools a second time, acts on an order of a sender that is not verified, or pretends
 * to understand. The same conversation gives the same answer.
 */
import type { Framed } from "../../task/frame.ts";
import type { Message, ToolSpec } from "../types.ts";
import { readConversation, toolNames } from "./conversation.ts";
import type { Found, Outcome, ReflexCall, Rule } from "./rule.ts";
import { rules } from "./rules.ts";
import * as wording from "./wording.ts";

export interface ReflexAnswer {
  readonly text: string;
  readonly toolCalls: readonly ReflexCall[];
}

export function reflex(request: {
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSpec[];
}): ReflexAnswer {
  const { task, made } = readConversation(request.messages);
  if (task === null) return say(wording.noTaskText);
  const plan = planFor(task, toolNames(request.tools));
  if (made.length > 0) return say(isOurs(plan.calls, made) ? plan.answer(made) : takenOver(made));
  return plan.calls.length > 0 ? { text: "", toolCalls: plan.calls } : say(plan.answer([]));
}

/**
 * The calls of a task that the engine surely knows: a question about the machine or its agents, and every tool for it
 * is there. Null for all else, and for every order.
 */
export function surely(task: Framed, tools: ReadonlySet<string>): ReflexAnswer | null {
  const matched = task.replyTo === null ? ruleFor(task.text) : null;
  if (matched?.rule.sure !== true || matched.rule.verifiedOnly) return null;
  const toolCalls = matched.rule.calls(matched.found);
  const isAble = toolCalls.length > 0 && toolCalls.every(({ name }) => tools.has(name));
  return isAble ? { text: "", toolCalls } : null;
}

const say = (text: string): ReflexAnswer => ({ text, toolCalls: [] });
const takenOver = wording.takenOverText;

/** What is called first, and how the results become the answer. */
interface Plan {
  readonly calls: readonly ReflexCall[];
  readonly answer: (made: readonly Outcome[]) => string;
}

const onlySay = (text: string): Plan => ({ calls: [], answer: () => text });

function planFor(task: Framed, tools: ReadonlySet<string>): Plan {
  if (task.replyTo !== null) return onlySay(wording.relayedText(task));
  const matched = ruleFor(task.text);
  if (matched === null) return onlySay(wording.fallbackText);
  const { rule, found } = matched;
  if (rule.verifiedOnly && task.trust !== "verified")
    return onlySay(wording.distrustText(rule.intent, task.from));
  const wanted = rule.calls(found);
  const calls = wanted.filter(({ name }) => tools.has(name));
  const missing = wanted.map(({ name }) => name).filter((name) => !tools.has(name));
  if (missing.length > 0 && calls.length === 0) return onlySay(wording.noToolText(missing));
  return { calls, answer: (made) => wording.withoutTools(rule.answer(found, made), missing) };
}

function ruleFor(text: string): { readonly rule: Rule; readonly found: Found } | null {
  for (const rule of rules) {
    const found = rule.match(text);
    if (found !== null) return { rule, found };
  }
  return null;
}

/** A ladder may hand a task over in the middle; then the calls are those of another model. */
const isOurs = (calls: readonly ReflexCall[], made: readonly Outcome[]): boolean =>
  calls.length === made.length &&
  calls.every(
    (call, at) =>
      call.name === made[at]?.name &&
      JSON.stringify(call.arguments) === JSON.stringify(made[at]?.arguments),
  );
