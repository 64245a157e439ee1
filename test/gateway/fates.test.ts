import { afterEach, describe, expect, it } from "vitest";
import { createModelClient } from "../../src/model/client.ts";
import type { ModelEvent } from "../../src/model/types.ts";
import type { Rule, Turn } from "../support/scripted-model.ts";
import { type GatewayWorld, openWorld, secret, type WorldOptions } from "./world.ts";

let world: GatewayWorld | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

const rule = (...turns: Turn[]): Rule[] => [{ when: "", turns }];

async function ask(turn: Turn, options?: WorldOptions, model?: string): Promise<ModelEvent> {
  world = await openWorld(rule(turn), options);
  const events = await world.ask("hello", model);
  const last = events.at(-1);
  if (last === undefined) throw new Error("no event");
  return last;
}

describe("an answer", () => {
  it("streams through, with the upstream's name, its usage and the alias's price", async () => {
    world = await openWorld(
      rule({ text: "Hello there", usage: { prompt_tokens: 1000, completion_tokens: 100 } }),
    );
    const events = await world.ask("hi");
    const text = events.flatMap((event) => (event.kind === "text" ? [event.delta] : [])).join("");
    expect(text).toBe("Hello there");
    expect(events.at(-1)).toEqual({
      kind: "reply",
      reply: {
        text: "Hello there",
        toolCalls: [],
        model: "up/scripted-1",
        usage: { input: 1000, output: 100 },
        costUsd: 0.002,
      },
    });
    expect(world.ledger()).toMatchObject([
      {
        uid: 0,
        agent: "root",
        task_claimed: "task-1",
        alias: "smart",
        model: "up/scripted-1",
        status: 200,
        cost_usd: 0.002,
      },
    ]);
    expect(world.upstream.requests[0]?.authorization).toBe(`Bearer ${secret}`);
  });

  it("carries tool calls whole", async () => {
    const found = await ask({ tool_calls: [{ name: "shell", arguments: { command: "true" } }] });
    expect(found).toMatchObject({
      kind: "reply",
      reply: { toolCalls: [{ name: "shell", arguments: '{"command":"true"}' }] },
    });
  });

  it("takes the first model that the endpoint lists for `provider/*`", async () => {
    const found = await ask({ text: "ok" }, { aliases: { smart: ["up/*"] } });
    expect(found).toMatchObject({ kind: "reply", reply: { model: "up/scripted-1" } });
  });

  it("comes from the next rung when the first is away", async () => {
    const found = await ask({ text: "ok" }, { aliases: { smart: ["away/x", "up/scripted-1"] } });
    expect(found).toMatchObject({ kind: "reply", reply: { model: "up/scripted-1" } });
  });
});

describe("trouble", () => {
  it("429 is temporary and names when to come back", async () => {
    const found = await ask({
      attempts: [
        { status: 429, retry_after: "0" },
        { status: 429, retry_after: "0" },
        { status: 429, retry_after: "120" },
      ],
    });
    expect(found).toMatchObject({
      kind: "error",
      error: { kind: "temporary", status: 429, retryAfterSeconds: 120 },
    });
    expect(world?.upstream.requests).toHaveLength(3);
  });

  it("a 429 that passes is not seen by the caller", async () => {
    const found = await ask({ attempts: [{ status: 429, retry_after: "0" }, { text: "ok" }] });
    expect(found).toMatchObject({ kind: "reply", reply: { text: "ok" } });
  });

  it("500 is temporary", async () => {
    const found = await ask({ status: 500, retry_after: "0" });
    expect(found).toMatchObject({ kind: "error", error: { kind: "temporary", status: 500 } });
    expect(world?.ledger()).toMatchObject([{ status: 500, model: "none" }]);
  });

  it("401 is permanent, and the key that the upstream echoes goes nowhere", async () => {
    const found = await ask({ status: 401, message: "bad key", echo_key: true });
    expect(found).toMatchObject({ kind: "error", error: { kind: "permanent", status: 401 } });
    expect(JSON.stringify(found)).not.toContain(secret);
    expect(world?.logged.join("")).not.toContain(secret);
    expect(JSON.stringify(world?.ledger())).not.toContain(secret);
  });

  it("an endpoint that nobody answers is temporary", async () => {
    const found = await ask({ text: "never" }, { aliases: { smart: ["away/x"] } });
    expect(found).toMatchObject({ kind: "error", error: { kind: "temporary", status: 503 } });
  });

  for (const [what, turn] of [
    ["a cut stream", { text: "half of it", cut: true }],
    ["a stream without an end", { text: "half of it", unfinished: true }],
    ["garbage in the stream", { text: "half of it", garbage: true }],
  ] as const) {
    it(`${what} is asked for once more, then temporary`, async () => {
      const found = await ask(turn);
      expect(found).toMatchObject({ kind: "error", error: { kind: "temporary" } });
      expect(world?.upstream.requests).toHaveLength(2);
    });

    it(`${what} that works the second time is an answer`, async () => {
      const found = await ask({ attempts: [turn, { text: "all of it" }] });
      expect(found).toMatchObject({ kind: "reply", reply: { text: "all of it" } });
    });
  }

  it("an alias that does not exist is refused with those that do", async () => {
    const found = await ask({ text: "x" }, {}, "nonsense");
    expect(found).toMatchObject({ kind: "error", error: { kind: "permanent", status: 404 } });
    expect(JSON.stringify(found)).toContain("smart");
  });

  it("without a ledger no paid call is made", async () => {
    const found = await ask({ text: "x" }, { ledger: "/proc/no-such-directory/ledger.db" });
    expect(found).toMatchObject({ kind: "error", error: { kind: "temporary", status: 503 } });
    expect(world?.upstream.requests).toHaveLength(0);
  });
});

describe("a gateway that ends", () => {
  it("finishes the call under way, and takes no other over its connection", async () => {
    const ending = await openWorld(rule({ text: "whole", delay_ms: 50 }));
    const model = createModelClient(ending.socket);
    const messages = [{ role: "user", content: "hello" }] as const;
    const call = async (): Promise<ModelEvent | undefined> => {
      const request = { model: "smart", messages, tools: [], taskId: "task-1" };
      const events: ModelEvent[] = [];
      for await (const event of model(request, new AbortController().signal)) events.push(event);
      return events.at(-1);
    };
    let ended: Promise<void> | null = null;
    const seen = () => ending.upstream.requests.length;
    expect((await call())?.kind).toBe("reply");
    const stopWhenAsked = setInterval(() => {
      if (seen() === 2) ended ??= ending.close();
    }, 1);
    expect((await call())?.kind).toBe("reply");
    clearInterval(stopWhenAsked);
    expect(ended).not.toBeNull();
    expect(await call()).toMatchObject({ kind: "error" });
    await ended;
    expect(seen()).toBe(2);
  });
});
