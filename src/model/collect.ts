/** One model call, read to its end. Never: throws, or reads on after the answer became too long. */
import { reasonOf } from "../system/errors.ts";
import type { ModelError, ModelReply, ModelRequest, StreamModel } from "./types.ts";

export type Answer =
  | { readonly kind: "reply"; readonly reply: ModelReply }
  | { readonly kind: "error"; readonly error: ModelError }
  | { readonly kind: "too-long"; readonly text: string };

export async function collect(
  model: StreamModel,
  request: ModelRequest,
  { signal, answerChars }: { readonly signal: AbortSignal; readonly answerChars: number },
): Promise<Answer> {
  const enough = new AbortController();
  let text = "";
  try {
    for await (const event of model(request, AbortSignal.any([signal, enough.signal]))) {
      if (event.kind === "error") return event;
      text = event.kind === "text" ? text + event.delta : event.reply.text;
      if (text.length > answerChars) {
        enough.abort("too-long");
        return { kind: "too-long", text };
      }
      if (event.kind === "reply") return event;
    }
  } catch (error) {
    return { kind: "error", error: lost(reasonOf(error)) };
  }
  return { kind: "error", error: lost("the model's answer ended early") };
}

const lost = (message: string): ModelError => ({
  kind: "temporary",
  status: null,
  message,
  retryAfterSeconds: null,
});
