/** Models that answer as told, in the place of the runner's. */
import type { ModelAnswer, ModelGrants, ModelQuestion } from "../../../src/tools/desks.ts";
import type { ToolContext } from "../../../src/tools/tool.ts";
import { createWorld, type World } from "../support/world.ts";

const noUsage = { input: 0, output: 0, costUsd: 0 };

export const says = (text: string, value: unknown = null): ModelAnswer => ({
  ...{ ok: true, text, value, model: "up/big", usage: noUsage },
});

type Failure = Extract<ModelAnswer, { ok: false }>;
export const fails = (kind: Failure["kind"], why: string = kind): Failure => ({
  ...{ ok: false, kind, why, usage: noUsage },
});

export interface Models extends World {
  readonly questions: ModelQuestion[];
}

export function modelWorld(
  answer: (question: ModelQuestion, text: string) => ModelAnswer,
  grants: Partial<ModelGrants> = {},
  more: Partial<ToolContext> = {},
): Models {
  const questions: ModelQuestion[] = [];
  const world = createWorld({
    models: { own: "smart", granted: [], ended: {}, windows: {}, ...grants },
    ask: async (question) => {
      questions.push(question);
      return answer(question, textOf(question));
    },
    now: () => Date.parse("2027-01-31T09:00:00Z"),
    ...more,
  });
  return Object.assign(world, { questions });
}

/** All that the user message says. */
export function textOf({ messages }: ModelQuestion): string {
  const content = messages.at(-1)?.content ?? "";
  return typeof content === "string"
    ? content
    : content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** The data in it, without frames. */
export const dataOf = (text: string): string[] =>
  [...text.matchAll(/<<<data ([0-9a-f]{32})\n\{"what":.*\}\n([\s\S]*?)\n\1 data>>>/g)].map(
    ([, , data = ""]) => data,
  );
