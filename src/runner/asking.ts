/**
 * Questions that tools ask models: through the same gateway as the loop, on the account of the same task.
 *
 * Never: throws; asks a model that the manifest does not grant at that moment (the gateway would refuse it as
 * well); hands on a value whose form was not checked.
 */
import { judgeForm, loadForms } from "../agent/context/accept.ts";
import { isTooLong } from "../agent/context/refusal.ts";
import { addUsage, noUsage } from "../agent/usage.ts";
import { untilKey } from "../config/grants.ts";
import type { AgentRuntime } from "../config/runtime.ts";
import { collect } from "../model/collect.ts";
import { askStructured } from "../model/structured.ts";
import type { Message, ModelError, ModelReply, StreamModel } from "../model/types.ts";
import type { AskModel, ModelAnswer, ModelGrants, ModelQuestion } from "../tools/desks.ts";
import type { Denial, ModelUsage } from "../tools/result.ts";
import { modelDenial } from "../tools/roles/grant.ts";
import { agentAt, askerOf } from "./policy.ts";

const answerChars = 200_000;

/** As the manifest has it at `now`. */
export function modelGrants(compiled: AgentRuntime, now: number): ModelGrants {
  const { can, model, models = {}, summarizer } = agentAt(compiled, now);
  const usable = [model, ...can.models, summarizer?.model ?? model];
  const prefix = untilKey("models", "");
  const ended = Object.entries(compiled.constraints?.until ?? {}).flatMap(([key, end]) =>
    key.startsWith(prefix) && end <= now ? [[key.slice(prefix.length), end] as const] : [],
  );
  return {
    own: model,
    granted: can.models,
    ended: Object.fromEntries(ended),
    windows: Object.fromEntries(usable.map((alias) => [alias, windowIn(models, alias)])),
  };
}

const windowIn = (models: NonNullable<AgentRuntime["models"]>, alias: string): number | null =>
  Object.hasOwn(models, alias) ? (models[alias] ?? null) : null;

export interface AskingWorld {
  readonly model: StreamModel;
  readonly agent: AgentRuntime;
  readonly now: () => number;
}

export function createAskModel(world: AskingWorld, taskId: string): AskModel {
  return async (question, signal) => {
    const agent = agentAt(world.agent, world.now());
    const grants = modelGrants(world.agent, world.now());
    const denial = modelDenial(askerOf(agent), grants, question.alias);
    if (denial !== null) return denied(denial, noUsage);
    const asked = { stream: world.model, agent: agent.name, taskId, signal };
    return question.form === undefined ? plain(asked, question) : formed(asked, question);
  };
}

interface Asked {
  readonly stream: StreamModel;
  readonly agent: string;
  readonly taskId: string;
  readonly signal: AbortSignal;
}

const usageOf = ({ usage, costUsd }: ModelReply): ModelUsage => ({ ...usage, costUsd });

/** Roles of messages are those that both sides know. */
const messagesOf = ({ messages }: ModelQuestion): Message[] => messages as unknown as Message[];

const boundsOf = ({ temperature, maxOutputTokens }: ModelQuestion) => ({
  ...(temperature === undefined ? {} : { temperature }),
  ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
});

async function plain(asked: Asked, question: ModelQuestion): Promise<ModelAnswer> {
  const { alias } = question;
  const { stream, taskId, signal } = asked;
  const answer = await collect(
    stream,
    { model: alias, messages: messagesOf(question), tools: [], taskId, ...boundsOf(question) },
    { signal, answerChars },
  );
  if (answer.kind === "error") return failure(asked, alias, answer.error, noUsage);
  if (answer.kind === "too-long")
    return failed(`its answer became longer than ${answerChars} characters`, noUsage);
  const { reply } = answer;
  const usage = usageOf(reply);
  if (isRuleEngine(reply)) return unable(alias, usage);
  if (reply.text.trim() === "") return failed("its answer was empty", usage);
  return { ok: true, text: reply.text, value: null, model: reply.model, usage };
}

async function formed(asked: Asked, question: ModelQuestion): Promise<ModelAnswer> {
  const { alias, form = { name: "", schema: {} } } = question;
  const { stream, taskId, signal } = asked;
  const forms = await loadForms();
  const replies: ModelReply[] = [];
  const answer = await askStructured<unknown>(
    {
      ...{ model: alias, taskId, ...form, messages: messagesOf(question), ...boundsOf(question) },
      accept: (value) => {
        const why = judgeForm(forms, form.name, value);
        return why === null ? { ok: true, value } : { ok: false, why };
      },
    },
    { stream, signal, spent: (reply) => replies.push(reply) },
  );
  const usage = replies.map(usageOf).reduce(addUsage, noUsage);
  const { text, model } = replies.at(-1) ?? { text: "", model: "" };
  if (answer.ok) return { ok: true, text, value: answer.value, model, usage };
  if (answer.kind === "model") return failure(asked, alias, answer.error, usage);
  if (answer.kind === "unable") return unable(alias, usage);
  const { kind, why } = answer;
  return { ok: false, kind, why, usage, ...(kind === "invalid" ? { text } : {}) };
}

const isRuleEngine = ({ model }: ModelReply): boolean => model.startsWith("builtin/");

const unable = (alias: string, usage: ModelUsage): ModelAnswer => ({
  ok: false,
  kind: "unable",
  why:
    `alias ${alias} is builtin/reflex, which is no language model and cannot do this; a person can put a ` +
    `model first in models.${alias} of /etc/con/con.yaml, then con bootstrap`,
  usage,
});

const failed = (why: string, usage: ModelUsage): ModelAnswer => ({
  ok: false,
  kind: "failed",
  why,
  usage,
});

const denied = (denial: Denial, usage: ModelUsage): ModelAnswer => {
  const { asked, how } = denial;
  return { ok: false, kind: "denied", why: `${asked}: ${how}`, denial, usage };
};

/** What the gateway or a provider said instead of an answer. */
function failure(
  { agent, signal }: Asked,
  alias: string,
  error: ModelError,
  usage: ModelUsage,
): ModelAnswer {
  if (signal.aborted) return { ok: false, kind: "stopped", why: "it was stopped", usage };
  const asked = `model ${alias}`;
  if (error.needs !== undefined || error.status === 402) {
    const rule = `budget of ${agent}: ${error.message}`;
    const how =
      error.needs === undefined
        ? "go on without it, or ask for less at once"
        : "go on without it: people are asked when your own next step needs more";
    return denied({ code: "over_budget", asked, rule, how }, usage);
  }
  if (isTooLong(error)) return { ok: false, kind: "too_long", why: error.message, usage };
  return failed(error.message, usage);
}
