/**
 * One model call: what is sent, and what came back as a value. Never: throws, or reads on after the
 * answer became too long.
 */
import type { ModelError, ModelReply, ModelRequest } from "../model/types.ts";
import type { Run } from "./run.ts";

export type Answer =
  | { readonly kind: "reply"; readonly reply: ModelReply }
  | { readonly kind: "error"; readonly error: ModelError }
  | { readonly kind: "too-long"; readonly text: string };

/** The intent must be in the journal before. */
export async function receive(run: Run): Promise<Answer> {
  const enough = new AbortController();
  const signal = AbortSignal.any([run.signal, enough.signal]);
  const limit = run.options.limits.answerChars;
  let text = "";
  try {
    for await (const event of run.model(requestOf(run), signal)) {
      if (event.kind === "error") return event;
      text = event.kind === "text" ? text + event.delta : event.reply.text;
      if (text.length > limit) {
        enough.abort("too-long");
        return { kind: "too-long", text };
      }
      if (event.kind === "reply") return event;
    }
  } catch (error) {
    return { kind: "error", error: lost(error instanceof Error ? error.message : String(error)) };
  }
  return { kind: "error", error: lost("the model's answer ended early") };
}

const lost = (message: string): ModelError => ({
  kind: "temporary",
  status: null,
  message,
  retryAfterSeconds: null,
});

const requestOf = (run: Run): ModelRequest => ({
  model: run.options.model,
  messages: run.state.messages,
  tools: run.tools.map(({ name, description, parameters }) => ({
    type: "function" as const,
    function: { name, description, parameters },
  })),
  taskId: run.task.id,
});
