/**
 * A model's answer as a value of a known form: asked for with a JSON Schema, checked by us in any case,
 * refused with the reason and asked for again.
 *
 * Never: throws, or hands on what was not checked. A provider that does not know `json_schema` is asked
 * without it; the form stands in words as well. What each call cost is told at once, before its answer
 * is judged.
 */
import { type Answer, collect } from "./collect.ts";
import { parseNearJson } from "./near-json.ts";
import type { Message, ModelError, ModelReply, ModelRequest, StreamModel } from "./types.ts";

export interface StructuredQuestion<T> {
  /** Model alias. */
  readonly model: string;
  readonly taskId: string;
  /** Name of the form, `[a-z_]+`. */
  readonly name: string;
  /** JSON Schema in which every key is required and no other is allowed. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly messages: readonly Message[];
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
  /** The value, or why it is refused: in words that help the model to do better. */
  readonly accept: (value: unknown) => Accepted<T>;
}

export type Accepted<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

export interface StructuredDeps {
  readonly stream: StreamModel;
  readonly signal: AbortSignal;
  /** Each answer that came, with why it was refused, or null. */
  readonly spent?: (reply: ModelReply, why: string | null) => void;
}

export type Structured<T> =
  | { readonly ok: true; readonly value: T }
  /** `stopped`: by the signal. `unable`: not a language model. `invalid`: not the form, time and again. */
  | {
      readonly ok: false;
      readonly kind: "stopped" | "unable" | "invalid";
      readonly why: string;
    }
  | {
      readonly ok: false;
      readonly kind: "model";
      readonly why: string;
      readonly error: ModelError;
    };

/** How often an answer is refused and asked for again. */
const retries = 2;
const answerChars = 200_000;
/** Of a refused answer that is shown to the model again. */
const shownChars = 4000;

export async function askStructured<T>(
  question: StructuredQuestion<T>,
  deps: StructuredDeps,
): Promise<Structured<T>> {
  let messages = [...question.messages, formOf(question)];
  let withForm = true;
  let why = "";
  for (let refused = 0; refused <= retries; ) {
    if (deps.signal.aborted) return { ok: false, kind: "stopped", why: "it was stopped" };
    const answer = await collect(deps.stream, requestOf(question, messages, withForm), {
      signal: deps.signal,
      answerChars,
    });
    if (answer.kind === "error" && withForm && isFormRefused(answer.error)) {
      withForm = false;
      continue;
    }
    if (answer.kind === "error") return failedBy(answer.error, deps.signal);
    const judged = await judge(answer, question);
    if (answer.kind === "reply") deps.spent?.(answer.reply, judged.ok ? null : judged.why);
    if (judged.ok) return judged;
    if (isRuleEngine(answer))
      return { ok: false, kind: "unable", why: "no language model answers" };
    refused += 1;
    why = judged.why;
    messages = [...question.messages, formOf(question), ...refusalOf(answer, why)];
  }
  return { ok: false, kind: "invalid", why };
}

function requestOf<T>(
  { model, taskId, name, schema, temperature, maxOutputTokens }: StructuredQuestion<T>,
  messages: readonly Message[],
  withForm: boolean,
): ModelRequest {
  const request = {
    ...{ model, messages, tools: [], taskId },
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  };
  return withForm ? { ...request, form: { name, schema } } : request;
}

const formOf = <T>({ schema }: StructuredQuestion<T>): Message => ({
  role: "user",
  content: [
    "Answer with one JSON object and nothing else, no code fence. It must fit this JSON Schema:",
    JSON.stringify(schema),
  ].join("\n"),
});

/** 400 and 422 are also what a provider says that knows no `response_format`, or another dialect of it. */
const isFormRefused = ({ status, message }: ModelError): boolean =>
  (status === 400 || status === 422) && /response_format|json_schema|schema|format/i.test(message);

function failedBy<T>(error: ModelError, signal: AbortSignal): Structured<T> {
  if (signal.aborted) return { ok: false, kind: "stopped", why: "it was stopped" };
  return { ok: false, kind: "model", why: error.message, error };
}

const isRuleEngine = (answer: Answer): boolean =>
  answer.kind === "reply" && answer.reply.model.startsWith("builtin/");

async function judge<T>(answer: Answer, question: StructuredQuestion<T>): Promise<Accepted<T>> {
  if (answer.kind !== "reply") return { ok: false, why: `longer than ${answerChars} characters` };
  const { text } = answer.reply;
  if (text.trim() === "") return { ok: false, why: "the answer is empty" };
  const found = await parseNearJson(objectIn(text));
  if (found === null) return { ok: false, why: "the answer is not whole JSON" };
  return question.accept(found.parsed);
}

/** Without the fence and the words that some models put around it; nothing where it was cut. */
const objectIn = (text: string): string =>
  text.slice(Math.max(0, text.indexOf("{")), text.lastIndexOf("}") + 1);

function refusalOf(answer: Answer, why: string): Message[] {
  const text = answer.kind === "reply" ? answer.reply.text : "";
  const shown = text.slice(0, shownChars).toWellFormed();
  return [
    { role: "assistant", content: shown.trim() === "" ? "(empty)" : shown },
    { role: "user", content: `Refused: ${why}. Answer again, with the JSON object only.` },
  ];
}
