/** Questions of tools to models: grants at this moment, refusals as data, forms checked, every call counted. */
import { expect, test } from "vitest";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type {
  ModelError,
  ModelEvent,
  ModelReply,
  ModelRequest,
  SpendNeed,
} from "../../src/model/types.ts";
import { createAskModel, modelGrants } from "../../src/runner/asking.ts";
import type { ModelQuestion } from "../../src/tools/desks.ts";
import { roleForms } from "../../src/tools/roles/forms.ts";
import { agentRuntime } from "../support/agent-runtime.ts";

type Said = string | Partial<ModelReply> | { readonly error: Partial<ModelError> };

const own = agentRuntime({
  name: "desk",
  model: "smart",
  models: { smart: 8000, adviser: 100_000, analyst: null },
  can: { task: [], read: [], write: [], network: [], tools: [], models: ["adviser", "analyst"] },
  constraints: { tools: {}, until: { "models:analyst": 1000 } },
});

function asking(said: readonly Said[], agent: AgentRuntime = own, now = 0) {
  const requests: ModelRequest[] = [];
  async function* stream(request: ModelRequest): AsyncGenerator<ModelEvent> {
    const one = said[requests.length] ?? "";
    requests.push(structuredClone(request));
    if (typeof one === "object" && "error" in one) {
      const away = { kind: "temporary", status: null, message: "away", retryAfterSeconds: null };
      yield { kind: "error", error: { ...away, ...one.error } as ModelError };
      return;
    }
    const reply = typeof one === "string" ? { text: one } : one;
    const usual = { text: "", toolCalls: [], model: "up/big", costUsd: 0.25 };
    yield { kind: "reply", reply: { ...usual, usage: { input: 10, output: 5 }, ...reply } };
  }
  const ask = createAskModel({ model: stream, agent, now: () => now }, "task-1");
  const { signal } = new AbortController();
  const question = (more: Partial<ModelQuestion> = {}) =>
    ask({ alias: "adviser", messages: [{ role: "user", content: "hi" }], ...more }, signal);
  return { requests, question };
}

const one = { input: 10, output: 5, costUsd: 0.25 };

test("an answer, asked for on the account of the task", async () => {
  const { requests, question } = asking(["Think first."]);
  expect(await question({ temperature: 0.2, maxOutputTokens: 99 })).toEqual({
    ok: true,
    text: "Think first.",
    value: null,
    model: "up/big",
    usage: one,
  });
  expect(requests).toEqual([
    {
      model: "adviser",
      messages: [{ role: "user", content: "hi" }],
      tools: [],
      taskId: "task-1",
      temperature: 0.2,
      maxOutputTokens: 99,
    },
  ]);
});

test("what is not granted at this moment is not asked for", async () => {
  const strange = asking(["x"]);
  const denial = { code: "not_granted", asked: "model coder" };
  expect(await strange.question({ alias: "coder" })).toMatchObject({ kind: "denied", denial });
  const late = asking(["x"], own, 1000);
  expect(await late.question({ alias: "analyst" })).toMatchObject({
    denial: { code: "expired", rule: expect.stringContaining("analyst until 1970-01-01T00:00:01") },
  });
  expect([...strange.requests, ...late.requests]).toEqual([]);
  const early = asking(["x"], own, 999);
  expect(await early.question({ alias: "analyst" })).toMatchObject({ ok: true });
  expect(await asking(["x"]).question({ alias: "smart" })).toMatchObject({ ok: true });
});

test("windows are of what may be used now; a file of an earlier version knows none", () => {
  expect(modelGrants(own, 999)).toEqual({
    own: "smart",
    granted: ["adviser", "analyst"],
    ended: {},
    windows: { smart: 8000, adviser: 100_000, analyst: null },
  });
  expect(modelGrants({ ...own, summarizer: { model: "summarizer", context: 5 } }, 1000)).toEqual({
    own: "smart",
    granted: ["adviser"],
    ended: { analyst: 1000 },
    windows: { smart: 8000, adviser: 100_000, summarizer: null },
  });
  const { models: _, constraints: __, ...old } = own;
  const { models: ___, ...can } = old.can;
  expect(modelGrants({ ...old, can } as AgentRuntime, 0)).toEqual({
    own: "smart",
    granted: [],
    ended: {},
    windows: { smart: null },
  });
  const odd = { ...own, can: { ...own.can, models: ["constructor"] } };
  expect(modelGrants(odd, 0).windows).toEqual({ smart: 8000, constructor: null });
});

const needs: SpendNeed = {
  ...{ agent: "desk", task: "task-1", unit: "usd", limit: 1, spent: 1, allowed: 0, slice: 1 },
} as const;

test.each<[string, Partial<ModelError>]>([
  ["over budget", { status: 402, message: "over budget: spent" }],
  ["people must agree", { status: 402, message: "people must agree first", needs }],
])("%s is a denial, and no more than that", async (_, error) => {
  const answer = await asking([{ error: { kind: "permanent", ...error } }]).question();
  expect(answer).toMatchObject({ ok: false, kind: "denied", denial: { code: "over_budget" } });
  expect(JSON.stringify(answer)).toContain(String(error.message));
});

test.each<[string, Said, object]>([
  ["builtin/reflex", { text: "I am", model: "builtin/reflex" }, { kind: "unable" }],
  ["nothing", " ", { kind: "failed", usage: one }],
  ["away", { error: { status: 503 } }, { kind: "failed", why: "away" }],
  [
    "too long",
    { error: { kind: "permanent", status: 400, message: "maximum context length is 8192 tokens" } },
    { kind: "too_long" },
  ],
])("%s is no answer", async (_, said, expected) => {
  expect(await asking([said]).question()).toMatchObject({ ok: false, ...expected });
});

test("builtin/reflex is named, with the way to another", async () => {
  const answer = await asking([{ text: "x", model: "builtin/reflex" }]).question();
  expect(JSON.stringify(answer)).toContain("put a model first in models.adviser");
});

const form = { name: "file_analysis", schema: roleForms.file_analysis };
const good = JSON.stringify({ executive_summary: "s", full_report: "r" });

test("a form is refused until it fits, and every call is counted", async () => {
  const { question } = asking(["no JSON", '{"executive_summary":"s"}', good]);
  expect(await question({ form })).toMatchObject({
    ok: true,
    value: { executive_summary: "s", full_report: "r" },
    usage: { input: 30, output: 15, costUsd: 0.75 },
  });
});

test("what never fits comes back raw", async () => {
  const { question, requests } = asking(["a", "b", "the third"]);
  expect(await question({ form })).toMatchObject({
    ok: false,
    kind: "invalid",
    text: "the third",
    usage: { input: 30 },
  });
  expect(requests).toHaveLength(3);
});

test("told to stop, it says so", async () => {
  const ask = createAskModel(
    {
      model: async function* () {
        yield {
          kind: "error",
          error: { kind: "temporary", status: null, message: "aborted", retryAfterSeconds: null },
        };
      },
      agent: own,
      now: () => 0,
    },
    "t",
  );
  const stop = new AbortController();
  stop.abort();
  const question = { alias: "adviser", messages: [] };
  expect(await ask(question, stop.signal)).toMatchObject({ ok: false, kind: "stopped" });
  expect(await ask({ ...question, form }, stop.signal)).toMatchObject({ kind: "stopped" });
});
