/**
 * What holds for all formats whatever the model says and however its stream is cut: the client gets the same text and
 * calls, or it is told that something broke, in the shape of its format; never a whole answer of half a stream.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callPart, chunk, events, openWorld, streamOf, type World } from "./support/world.ts";

type Json = Record<string, unknown>;

let world: World;
beforeAll(async () => {
  world = await openWorld(1_000_000);
});
afterAll(() => world[Symbol.asyncDispose]());

interface Said {
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
}

interface Format {
  readonly path: string;
  readonly body: Json;
  /** Null: it was told that the answer broke. */
  readonly heard: (told: readonly Json[]) => Said | null;
}

const joined = (texts: readonly unknown[]): string => texts.map((text) => text ?? "").join("");
const list = (value: unknown): Json[] => value as Json[];
const dataOf = (value: unknown): Json => value as Json;

const formats: Readonly<Record<string, Format>> = {
  anthropic: {
    path: "/v1/messages",
    body: { model: "m", messages: [{ role: "user", content: "hi" }], stream: true },
    heard(told) {
      if (told.at(-1)?.["type"] !== "message_stop") return null;
      const deltas = told.flatMap(({ delta }) => (delta === undefined ? [] : [dataOf(delta)]));
      const starts = told.flatMap(({ content_block: block }) => (block ? [dataOf(block)] : []));
      const inputs = deltas.filter(({ type }) => type === "input_json_delta");
      return {
        text: joined(deltas.map(({ text }) => text)),
        calls: starts
          .filter(({ type }) => type === "tool_use")
          .map(({ name }, index) => ({
            name: String(name),
            input: JSON.parse(String(inputs[index]?.["partial_json"])) as unknown,
          })),
      };
    },
  },
  responses: {
    path: "/v1/responses",
    body: { model: "m", input: "hi", stream: true },
    heard(told) {
      const last = told.at(-1);
      if (last?.["type"] !== "response.completed") return null;
      const output = list(dataOf(last["response"])["output"]);
      const deltas = told.filter(({ type }) => type === "response.output_text.delta");
      return {
        text: joined(deltas.map(({ delta }) => delta)),
        calls: output
          .filter(({ type }) => type === "function_call")
          .map(({ name, arguments: text }) => ({
            name: String(name),
            input: JSON.parse(String(text)) as unknown,
          })),
      };
    },
  },
  gemini: {
    path: "/v1beta/models/m:streamGenerateContent?alt=sse",
    body: { contents: [{ parts: [{ text: "hi" }] }] },
    heard(told) {
      const candidates = told.flatMap((one) => list(one["candidates"] ?? []));
      if (candidates.at(-1)?.["finishReason"] !== "STOP") return null;
      const parts = candidates.flatMap(({ content }) => list(dataOf(content)["parts"]));
      return {
        text: joined(parts.map(({ text }) => text)),
        calls: parts
          .flatMap(({ functionCall: call }) => (call === undefined ? [] : [dataOf(call)]))
          .map(({ name, args }) => ({ name: String(name), input: args })),
      };
    },
  },
};

const name = fc.stringMatching(/^[a-z_]{1,12}$/);
const input = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
const answers = fc.record({
  texts: fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { maxLength: 4 }),
  calls: fc.array(fc.record({ name, input }), { maxLength: 3 }),
});

/** Calls come in two parts each, all first parts before all second ones. */
function partsOf({ texts, calls }: { texts: string[]; calls: { name: string; input: object }[] }) {
  const written = calls.map((call) => ({ ...call, text: JSON.stringify(call.input) }));
  const half = (text: string): number => Math.ceil(text.length / 2);
  return [
    ...texts.map((content) => chunk({ content })),
    ...written.map(({ name: own, text }, index) =>
      chunk(callPart(index, own, text.slice(0, half(text)))),
    ),
    ...written.map(({ text }, index) => chunk(callPart(index, "", text.slice(half(text)), ""))),
    chunk({}, calls.length > 0 ? "tool_calls" : "stop"),
  ];
}

test.each(Object.entries(formats))(
  "%s: what the model says arrives as it is",
  async (_, format) => {
    await fc.assert(
      fc.asyncProperty(answers, async (answer) => {
        world.says(streamOf(...partsOf(answer)));
        const { text } = await world.post(format.path, format.body);
        expect(format.heard(events(text))).toEqual({
          text: answer.texts.join(""),
          calls: JSON.parse(JSON.stringify(answer.calls)) as unknown,
        });
      }),
      { numRuns: 40 },
    );
  },
);

test.each(Object.entries(formats))("%s: half a stream is no answer", async (_, format) => {
  await fc.assert(
    fc.asyncProperty(answers, fc.nat(), async (answer, at) => {
      const all = partsOf(answer).join("");
      const finish = all.lastIndexOf('"finish_reason":"');
      // Before the reason of its end stands there.
      world.says(all.slice(0, at % finish));
      const { status, text } = await world.post(format.path, format.body);
      if (status === 200) expect(format.heard(events(text))).toBeNull();
      else expect([status, text]).toEqual([502, expect.stringContaining("cut")]);
    }),
    { numRuns: 40 },
  );
});

test.each(Object.entries(formats))("%s: no request makes it throw", async (_, format) => {
  const bodies = fc.dictionary(
    fc.constantFrom(...["messages", "input", "contents", "tools", "system", "tool_choice", "text"]),
    fc.jsonValue(),
  );
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      world.says(streamOf(chunk({ content: "x" }, "stop")));
      const { status } = await world.post(format.path, { ...format.body, ...body });
      expect([200, 400]).toContain(status);
    }),
    { numRuns: 60 },
  );
});
