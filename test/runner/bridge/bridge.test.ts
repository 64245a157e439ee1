/** The bridge over real sockets, by the formats of chat completions and messages. */
import fs from "node:fs";
import type http from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sseEvent } from "../../../src/model/sse.ts";
import { callPart, chunk, events, openWorld, streamOf, type World } from "./support/world.ts";

let world: World;

const stream =
  (...parts: readonly string[]) =>
  (response: http.ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(streamOf(...parts));
  };
const speech = stream(chunk({ content: "Hel" }), chunk({ content: "lo" }, "stop"));

beforeEach(async () => {
  world = await openWorld(3);
  world.answer = speech;
});
afterEach(() => world[Symbol.asyncDispose]());

const chat = (more: object = {}) =>
  world.post("/v1/chat/completions", {
    model: "smart",
    messages: [{ role: "user", content: "hi" }],
    ...more,
  });
const messages = (more: object = {}) =>
  world.post("/v1/messages", {
    model: "smart",
    max_tokens: 9,
    messages: [{ role: "user", content: "hi" }],
    ...more,
  });

describe("who may ask what", () => {
  test.each([
    ["no token", {}],
    ["another token", { authorization: "Bearer x" }],
    ["an empty one", { "x-api-key": "" }],
  ])("refuses %s", async (_, headers) => {
    expect((await world.post("/v1/chat/completions", {}, headers)).status).toBe(401);
    expect(world.asked).toEqual([]);
  });

  test("takes the token in either header", async () => {
    const { status } = await world.post(
      "/v1/messages?beta=true",
      { model: "smart", messages: [] },
      {
        "x-api-key": world.bridge.token,
      },
    );
    expect(status).toBe(200);
  });

  test.each(["/con/audit", "/con/allow", "/v1/embeddings", "/v1/responses/r", "//x/v1/messages"])(
    "opens no other door: %s",
    async (path) => {
      expect((await world.post(path, {})).status).toBe(404);
      expect(world.asked).toEqual([]);
    },
  );

  test("names the task itself, and asks for a stream", async () => {
    await world.post(
      "/v1/chat/completions",
      { model: "smart", messages: [], store: true },
      {
        authorization: `Bearer ${world.bridge.token}`,
        "x-con-task": "another",
      },
    );
    expect(world.asked).toMatchObject([{ url: "/v1/chat/completions", task: "t1" }]);
    expect(world.asked[0]?.body).toEqual({
      model: "smart",
      messages: [],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test("makes no more calls than the task has left; those that are refused do not count", async () => {
    world.answer = (response) => response.writeHead(429).end();
    for (let count = 0; count < 5; count += 1) expect((await chat()).status).toBe(429);
    world.answer = speech;
    const statuses: number[] = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await messages()).status);
    expect(statuses).toEqual([200, 200, 200, 403]);
    expect(world.asked).toHaveLength(8);
  });
});

describe("chat completions", () => {
  test("whole", async () => {
    world.answer = stream(
      chunk(callPart(0, "bash", '{"a":')),
      chunk(callPart(0, "", "1}"), "tool_calls"),
    );
    const { text } = await chat();
    expect(JSON.parse(text)).toMatchObject({
      model: "p/big",
      choices: [
        {
          message: {
            content: null,
            tool_calls: [{ id: "id-0", function: { name: "bash", arguments: '{"a":1}' } }],
          },
          finish_reason: "tool_calls",
        },
      ],
      usage: { prompt_tokens: 9, completion_tokens: 4 },
    });
    expect(world.calls).toEqual([{ model: "p/big", usage: { input: 9, output: 4, costUsd: 0.5 } }]);
  });

  test("streamed, without the gateway's own account", async () => {
    const { text } = await chat({ stream: true });
    expect(text).toContain("data: [DONE]");
    expect(text).not.toContain("con.call");
    expect(text).not.toContain("prompt_tokens");
    const asking = await chat({ stream: true, stream_options: { include_usage: true } });
    expect(asking.text).toContain("prompt_tokens");
  });

  test("passes a refusal on, and remembers one that waiting cures", async () => {
    world.answer = (response) => {
      response.writeHead(402, { "retry-after": "60" });
      const error = { message: "nothing left today", type: "budget", over: "defer" };
      response.end(JSON.stringify({ error }));
    };
    const { status, text, headers } = await chat();
    expect([status, headers["retry-after"]]).toEqual([402, "60"]);
    expect(text).toContain("nothing left today");
    expect(world.bridge.refusal()).toEqual({ message: "nothing left today", notBefore: 61_000 });
    world.answer = speech;
    await chat();
    expect(world.bridge.refusal()).toBeNull();
    world.answer = (response) => response.writeHead(400).end('{"error":{"message":"odd"}}');
    await chat();
    expect(world.bridge.refusal()).toBeNull();
  });

  test("says that an answer was cut, and what it cost", async () => {
    world.answer = (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(chunk({ content: "Hel" }));
    };
    expect((await chat()).status).toBe(502);
    expect((await chat({ stream: true })).text).toContain("was cut");
    expect(world.calls).toHaveLength(2);
  });

  test("a gateway that is away is a refusal in words", async () => {
    world.answer = (response) => response.destroy();
    const { status, text } = await chat();
    expect([status, text]).toEqual([502, expect.stringContaining("broke off")]);
  });
});

describe("messages", () => {
  test("a conversation with tools goes over whole", async () => {
    const { text } = await messages({
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      tools: [{ name: "bash", description: "Runs", input_schema: { type: "object" } }],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
      stop_sequences: ["END"],
      thinking: { type: "enabled", budget_tokens: 5 },
      metadata: { user_id: "u" },
      messages: [
        { role: "user", content: "go" },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "hm", signature: "s" },
            { type: "text", text: "I look." },
            { type: "tool_use", id: "c1", name: "bash", input: { command: "ls" } },
          ],
        },
        {
          role: "user",
          content: [
            {
              type: "tool_result",
              tool_use_id: "c1",
              content: [{ type: "text", text: "a b" }],
              is_error: true,
            },
            { type: "text", text: "And now?" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AA" } },
          ],
        },
      ],
    });
    expect(world.asked[0]?.body).toEqual({
      model: "smart",
      max_tokens: 9,
      stop: ["END"],
      tools: [
        {
          type: "function",
          function: { name: "bash", description: "Runs", parameters: { type: "object" } },
        },
      ],
      tool_choice: "required",
      parallel_tool_calls: false,
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "go" },
        {
          role: "assistant",
          content: "I look.",
          tool_calls: [
            {
              id: "c1",
              type: "function",
              function: { name: "bash", arguments: '{"command":"ls"}' },
            },
          ],
        },
        { role: "tool", tool_call_id: "c1", content: "Error: a b" },
        {
          role: "user",
          content: [
            { type: "text", text: "And now?" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AA" } },
          ],
        },
      ],
    });
    expect(JSON.parse(text)).toMatchObject({
      type: "message",
      content: [{ type: "text", text: "Hello" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 9, output_tokens: 4 },
    });
  });

  test("calls of tools come as blocks, one after the other, whatever their order", async () => {
    world.answer = stream(
      chunk({ content: "Two." }),
      chunk(callPart(1, "b", '{"y"')),
      chunk(callPart(0, "a", "")),
      chunk(callPart(1, "", ":2}")),
      chunk({}, "tool_calls"),
    );
    const { text } = await messages({ stream: true });
    const told = events(text).filter(({ type }) => type !== "ping");
    expect(
      told.map(({ type, index }) => [type, index].filter((one) => one !== undefined).join(" ")),
    ).toEqual([
      "message_start",
      ...[0, 1, 2].flatMap((index) => [
        `content_block_start ${index}`,
        `content_block_delta ${index}`,
        `content_block_stop ${index}`,
      ]),
      "message_delta",
      "message_stop",
    ]);
    expect(told.flatMap(({ delta }) => delta ?? [])).toMatchObject([
      { text: "Two." },
      { partial_json: "{}" },
      { partial_json: '{"y":2}' },
      { stop_reason: "tool_use" },
    ]);
    expect(text).toContain("event: message_stop\ndata: ");
  });

  test("the end by length has its own name", async () => {
    world.answer = stream(chunk({ content: "Hel" }, "length"));
    expect(JSON.parse((await messages()).text)).toMatchObject({ stop_reason: "max_tokens" });
  });

  test.each([
    ["a vendor's tool", { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
    ["a document", { messages: [{ role: "user", content: [{ type: "document", source: {} }] }] }],
    ["an odd role", { messages: [{ role: "tool", content: "x" }] }],
    ["no list", { messages: "hi" }],
  ])("refuses what it cannot pass on: %s", async (_, more) => {
    const { status, text } = await messages(more);
    expect([status, JSON.parse(text)]).toMatchObject([400, { type: "error" }]);
    expect(world.asked).toEqual([]);
  });

  test("errors have the form that its clients know", async () => {
    world.answer = (response) => response.writeHead(429).end('{"error":{"message":"slow down"}}');
    expect(JSON.parse((await messages()).text)).toEqual({
      type: "error",
      error: { type: "rate_limit_error", message: "slow down" },
    });
    world.answer = stream(chunk({ content: "Hel" }), sseEvent({ error: { message: "it broke" } }));
    const { text } = await messages({ stream: true });
    expect(events(text).at(-1)).toMatchObject({ type: "error", error: { message: "it broke" } });
  });
});

test("nothing is left when it closes", async () => {
  await chat();
  await world.bridge.close();
  expect(fs.existsSync(world.bridge.socket)).toBe(false);
});
