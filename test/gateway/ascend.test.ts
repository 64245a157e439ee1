import { expect, test } from "vitest";
import { type AscentDeps, type Asked, ascend } from "../../src/gateway/ascend.ts";
import type { Rung } from "../../src/gateway/ladder.ts";
import { problem } from "../../src/gateway/problem.ts";
import type { Answer, Body } from "../../src/gateway/upstream.ts";
import { createLog } from "../../src/system/log.ts";
import { emptyRuntime } from "./world.ts";

const rung = (name: string, model = "m"): Rung => ({
  kind: "upstream",
  label: `${name}/${model}`,
  provider: { baseUrl: `https://${name}.example/v1`, credential: name },
  providerName: name,
  model,
});

const ok: Answer = { ok: true, reply: { body: [] } };
const never = new AbortController().signal;

/** Upstreams that answer as told, by provider; an array is answered in turn. */
function setting(
  answers: Readonly<Record<string, Answer>>,
  listed: readonly string[] = ["first"],
  credentials: readonly string[] = [],
) {
  const calls: { url: string; body: Body }[] = [];
  const lines: string[] = [];
  let lists = 0;
  const deps: AscentDeps = {
    log: createLog((line) => lines.push(line)),
    now: () => 0,
    readKey: ({ credential }) =>
      credential === "keyless"
        ? { ok: false, why: "no key", isMissing: true }
        : { ok: true, key: "k" },
    runtime: { ...emptyRuntime, credentials },
    firstModels: new Map(),
    open: async ({ baseUrl }) => ({
      call: async (_, body) => {
        calls.push({ url: baseUrl, body });
        return answers[new URL(baseUrl).hostname.split(".")[0] ?? ""] ?? ok;
      },
      list: async () => {
        lists += 1;
        return listed;
      },
    }),
  };
  const books = { onLost: () => true, stopped: () => null, outputLimit: null };
  const climb = (
    rungs: readonly Rung[],
    body: Body = {},
    signal = never,
    more: Partial<Asked["books"]> = {},
  ) =>
    ascend(deps, rungs, {
      endpoint: "/chat/completions",
      body: { model: "smart", messages: [], ...body },
      signal,
      books: { ...books, ...more },
    });
  return { deps, calls, lines, climb, lists: () => lists };
}

test("the first rung that answers is the only one asked", async () => {
  const { climb, calls } = setting({});
  expect(await climb([rung("a"), rung("b")])).toMatchObject({ ok: true, label: "a/m" });
  expect(calls).toHaveLength(1);
  expect(calls[0]?.body["model"]).toBe("m");
});

test("a rung that fails is logged with its reason, and the next is asked", async () => {
  const { climb, lines } = setting({ a: { ok: false, problem: problem(500, "broken") } });
  expect(await climb([rung("keyless"), rung("a"), rung("b")])).toMatchObject({ label: "b/m" });
  expect(lines[0]).toContain("no key");
  expect(lines[1]).toMatch(/a\/m.*500.*broken/);
});

test("when all fail, one that may pass makes the whole temporary", async () => {
  const { climb } = setting({
    a: { ok: false, problem: problem(401, "bad key") },
    b: { ok: false, problem: problem(429, "busy", 7) },
  });
  const found = await climb([rung("a"), rung("b")]);
  expect(found).toMatchObject({ ok: false, problem: { status: 429, retryAfterSeconds: 7 } });
});

test("a caller that has gone is not answered by the next rung", async () => {
  const gone = new AbortController();
  gone.abort();
  const { climb, calls } = setting({ a: { ok: false, problem: problem(503, "aborted") } });
  expect((await climb([rung("a"), rung("b")], {}, gone.signal)).ok).toBe(false);
  expect(calls).toHaveLength(1);
});

test("a stream always tells its usage, whatever the caller wanted to hide", async () => {
  const { climb, calls } = setting({});
  await climb([rung("a")], { stream: true, stream_options: { include_usage: false, x: 1 } });
  await climb([rung("a")], { stream: true });
  await climb([rung("a")], { temperature: 0.5 });
  expect(calls.map(({ body }) => body["stream_options"])).toEqual([
    { include_usage: true, x: 1 },
    { include_usage: true },
    undefined,
  ]);
  expect(calls[2]?.body).toEqual({ model: "m", messages: [], temperature: 0.5 });
});

test("provider/* asks once what there is", async () => {
  const { climb, lists } = setting({});
  expect(await climb([rung("a", "*")])).toMatchObject({ label: "a/first" });
  expect(await climb([rung("a", "*")])).toMatchObject({ label: "a/first" });
  expect(lists()).toBe(1);
  const empty = setting({}, []);
  expect(await empty.climb([rung("a", "*")])).toMatchObject({ ok: false });
});

test("a key that is stored and not loaded yet may be there soon; one that is not stored never is", async () => {
  const stored = await setting({}, [], ["keyless"]).climb([rung("keyless")]);
  expect(stored).toMatchObject({
    ok: false,
    problem: {
      status: 503,
      message: expect.stringContaining("a restart of the gateway is pending"),
      retryAfterSeconds: 2,
    },
  });
  const unknown = await setting({}, [], ["other"]).climb([rung("keyless")]);
  expect(unknown).toMatchObject({ ok: false, problem: { status: 401 } });
});
