/**
 * The forms in which a model summarizes. build/generate.ts compiles them to code; a provider gets them as they
 * are, so they use only what strict providers know: every key required, no other allowed.
 */
import { memoryKinds } from "./lines.ts";

const text = { type: "string" } as const;
const texts = { type: "array", items: text } as const;

const objectOf = (properties: Readonly<Record<string, unknown>>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

export const contextSchemas = {
  memory_extraction: objectOf({
    memories: {
      type: "array",
      items: objectOf({
        category: text,
        title: text,
        text,
        kind: { type: "string", enum: [...memoryKinds] },
      }),
    },
  }),
  // What is short comes last: an answer that was cut lacks it, and is refused.
  history_compression: objectOf({
    facts: texts,
    state: text,
    plan: text,
    open_questions: texts,
    pending_user_input: text,
  }),
} as const;

/** A conversation in short. */
export interface Summary {
  /** What was seen, with exact names, paths and numbers. */
  readonly facts: readonly string[];
  readonly state: string;
  readonly plan: string;
  readonly open_questions: readonly string[];
  /** What the sender still waits for, beyond the task itself. */
  readonly pending_user_input: string;
}
