/** Conversations for tests of the context: arbitrary ones, and the strict eye on what is sent. */
import fc from "fast-check";
import { type CountText, loadCounter } from "../../../src/agent/context/tokens.ts";
import type {
  Message,
  ModelError,
  ModelEvent,
  ModelReply,
  ModelRequest,
} from "../../../src/model/types.ts";
import { faultsOf, tokensIn } from "../strict-provider.ts";

export const count: CountText = await loadCounter();

const counted = new WeakMap<Message, number>();

export function tokensOf(message: Message): number {
  const known = counted.get(message);
  if (known !== undefined) return known;
  const tokens = tokensIn({ model: "", messages: [message], tools: [], taskId: "" }, count);
  counted.set(message, tokens);
  return tokens;
}

export const head: readonly Message[] = [
  { role: "system", content: "You are an agent." },
  { role: "user", content: "Do it." },
];

const words = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.integer({ min: 1, max: 4000 }).map((length) => "lorem ipsum dolor ".repeat(length / 18 + 1)),
  fc.integer({ min: 1, max: 1000 }).map((length) => "x".repeat(length)),
  fc.integer({ min: 1, max: 300 }).map((length) => "漢字🙂".repeat(length)),
);
const said = words.map((text) => (text.trim() === "" ? "(empty)" : text.toWellFormed()));

interface Turn {
  readonly text: string | null;
  readonly calls: readonly { readonly args: string; readonly result: string }[];
  readonly after: readonly string[];
}

const turn: fc.Arbitrary<Turn> = fc.record({
  text: fc.option(said),
  calls: fc.array(fc.record({ args: words, result: said }), { maxLength: 5 }),
  after: fc.array(said, { maxLength: 1 }),
});

/** Whole turns after the head; ids never repeat. */
export const conversations = (most: number): fc.Arbitrary<Message[]> =>
  fc.array(turn, { maxLength: most }).map((turns) => [
    ...head,
    ...turns.flatMap(({ text, calls, after }, at): Message[] => [
      {
        role: "assistant",
        content: text ?? (calls.length === 0 ? "(empty)" : null),
        ...(calls.length === 0
          ? {}
          : {
              tool_calls: calls.map(({ args }, n) => ({
                id: `c${at}-${n}`,
                type: "function" as const,
                function: { name: "echo", arguments: JSON.stringify({ text: args }) },
              })),
            }),
      },
      ...calls.map(
        ({ result }, n): Message => ({
          role: "tool",
          tool_call_id: `c${at}-${n}`,
          content: result,
        }),
      ),
      ...after.map((content): Message => ({ role: "user", content })),
    ]),
  ]);

/** A model that answers by a function, and keeps what it was asked, judged. */
export function judgedModel(
  answer: (request: ModelRequest, at: number) => Partial<ModelReply> & { error?: ModelError },
) {
  const requests: ModelRequest[] = [];
  const faults: string[] = [];
  async function* model(request: ModelRequest): AsyncGenerator<ModelEvent> {
    requests.push(structuredClone(request));
    faults.push(...faultsOf(request));
    const { error, ...reply } = answer(request, requests.length);
    if (error !== undefined) return yield { kind: "error", error };
    yield {
      kind: "reply",
      reply: {
        text: "",
        toolCalls: [],
        model: "test/judged",
        usage: { input: 0, output: 1 },
        costUsd: 0.5,
        ...reply,
      },
    };
  }
  return Object.assign(model, {
    requests,
    faults,
    /** Requests that go on with the task. */
    ofTask: () => requests.filter(({ form }) => form === undefined),
  });
}

export const aSummary = (more: object = {}): string =>
  JSON.stringify({
    facts: ["the door is green"],
    state: "half done",
    plan: "the rest",
    open_questions: [],
    pending_user_input: "",
    ...more,
  });
