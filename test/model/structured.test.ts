import { describe, expect, it } from "vitest";
import { askStructured, type StructuredQuestion } from "../../src/model/structured.ts";
import type { ModelError, ModelEvent, ModelReply, ModelRequest } from "../../src/model/types.ts";

const question: StructuredQuestion<number> = {
  model: "smart",
  taskId: "t",
  name: "number",
  schema: { type: "object", properties: { n: { type: "number" } }, required: ["n"] },
  messages: [{ role: "system", content: "Count." }],
  accept: (value) => {
    const { n } = (value ?? {}) as { n?: unknown };
    return typeof n === "number" ? { ok: true, value: n } : { ok: false, why: "n is missing" };
  },
};

type Turn = Partial<ModelReply> | { readonly error: Partial<ModelError> } | "throws";

function playing(turns: readonly Turn[]) {
  const requests: ModelRequest[] = [];
  async function* stream(request: ModelRequest): AsyncGenerator<ModelEvent> {
    const turn = turns[requests.length] ?? { text: "" };
    requests.push(request);
    if (turn === "throws") throw new Error("a bug");
    if ("error" in turn) {
      const error = {
        kind: "permanent",
        status: 400,
        message: "",
        retryAfterSeconds: null,
      } as const;
      yield { kind: "error", error: { ...error, ...turn.error } };
      return;
    }
    const usage = { input: 1, output: 1 };
    yield {
      kind: "reply",
      reply: { text: "", toolCalls: [], model: "m", usage, costUsd: 1, ...turn },
    };
  }
  return { stream, requests };
}

async function ask(...turns: Turn[]) {
  const { stream, requests } = playing(turns);
  const spent: (string | null)[] = [];
  const answer = await askStructured(question, {
    stream,
    signal: new AbortController().signal,
    spent: (_, why) => void spent.push(why),
  });
  return { answer, requests, spent };
}

describe("a structured answer", () => {
  it("is asked for with the form, and given as a value", async () => {
    const { answer, requests, spent } = await ask({ text: '{"n":7}' });
    expect(answer).toEqual({ ok: true, value: 7 });
    expect(requests[0]?.form).toEqual({ name: "number", schema: question.schema });
    expect(requests[0]?.tools).toEqual([]);
    expect(spent).toEqual([null]);
  });

  it.each([
    ["a fence", '```json\n{"n":7}\n```'],
    ["words around it", 'The answer: {"n":7}. Anything else?'],
    ["a comma too many", '{"n":7,}'],
    ["no quotes", "{n:7}"],
  ])("may have %s", async (_, text) => {
    expect((await ask({ text })).answer).toEqual({ ok: true, value: 7 });
  });

  it("is refused with the reason, twice at most", async () => {
    const mended = await ask({ text: "{}" }, { text: "no" }, { text: '{"n":7}' });
    expect(mended.answer).toEqual({ ok: true, value: 7 });
    expect(mended.spent).toEqual(["n is missing", "the answer is not whole JSON", null]);
    expect(JSON.stringify(mended.requests[1]?.messages)).toContain("Refused: n is missing");
    const never = await ask({ text: "{}" }, { text: "{}" }, { text: "{}" }, { text: '{"n":7}' });
    expect(never.answer).toEqual({ ok: false, kind: "invalid", why: "n is missing" });
    expect(never.requests).toHaveLength(3);
  });

  it("is not taken from what was cut", async () => {
    const { answer } = await ask({ text: '{"n":7' }, { text: '{"n"' }, { text: "" });
    expect(answer).toMatchObject({ ok: false, kind: "invalid" });
  });

  it("is asked for without the form where a provider does not know it", async () => {
    const message = "response_format.type: json_schema is not supported";
    const { answer, requests } = await ask({ error: { message } }, { text: '{"n":7}' });
    expect(answer).toEqual({ ok: true, value: 7 });
    expect(requests[1]?.form).toBeUndefined();
    expect(JSON.stringify(requests[1]?.messages)).toContain("JSON Schema");
    const again = await ask({ error: { message } }, { error: { message } });
    expect(again.answer).toMatchObject({ ok: false, kind: "model" });
  });

  it("is an error as a value where there is none", async () => {
    const away = await ask({ error: { kind: "temporary", status: 503, message: "away" } });
    expect(away.answer).toMatchObject({ ok: false, kind: "model", error: { status: 503 } });
    expect((await ask("throws")).answer).toMatchObject({ ok: false, kind: "model", why: "a bug" });
    const reflex = await ask({ text: "I cannot", model: "builtin/reflex" });
    expect(reflex.answer).toMatchObject({ ok: false, kind: "unable" });
    expect(reflex.requests).toHaveLength(1);
  });

  it("is not asked for after a stop", async () => {
    const { stream, requests } = playing([{ text: '{"n":7}' }]);
    const answer = await askStructured(question, { stream, signal: AbortSignal.abort("stop") });
    expect(answer).toMatchObject({ ok: false, kind: "stopped" });
    expect(requests).toEqual([]);
  });
});
