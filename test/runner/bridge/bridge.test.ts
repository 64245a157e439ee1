/** The bridge over real sockets: a gateway that says what a test wants, and clients of both wire formats. */
import fs from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sseDone, sseEvent } from "../../../src/model/sse.ts";
import { type Bridge, openBridge } from "../../../src/runner/bridge/bridge.ts";
import type { BridgeCall } from "../../../src/runner/bridge/types.ts";
import { createLog } from "../../../src/system/log.ts";

let directory: string;
let gateway: http.Server;
let bridge: Bridge;
let asked: { url: string; task: unknown; body: Record<string, unknown> }[];
let calls: BridgeCall[];
let answer: (response: http.ServerResponse) => void;

const chunk = (delta: object, finish: string | null = null) =>
  sseEvent({ object: "chat.completion.chunk", choices: [{ delta, finish_reason: finish }] });
const usage = sseEvent({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 4 } });
const account = sseEvent({
  object: "con.call",
  choices: [],
  con: { model: "p/big", cost_usd: 0.5 },
});
const stream =
  (...parts: readonly string[]) =>
  (response: http.ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(parts.join("") + usage + account + sseEvent(sseDone));
  };
const call = (index: number, name: string, text: string) => ({
  tool_calls: [{ index, id: `id-${index}`, function: { name, arguments: text } }],
});
const speech = stream(chunk({ content: "Hel" }), chunk({ content: "lo" }, "stop"));

beforeEach(async () => {
  directory = fs.mkdtempSync(join(tmpdir(), "con-bridge-test-"));
  [asked, calls, answer] = [[], [], speech];
  gateway = http.createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += String(part);
    const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    asked.push({ url: request.url ?? "", task: request.headers["x-con-task"], body });
    answer(response);
  });
  const socket = join(directory, "gateway.sock");
  await new Promise<void>((resolve) => gateway.listen(socket, resolve));
  bridge = await openBridge({
    gateway: socket,
    taskId: "t1",
    log: createLog(() => undefined),
    now: () => 1_000,
    calls: 3,
    called: (one) => calls.push(one),
  });
});
afterEach(async () => {
  await bridge.close();
  gateway.closeAllConnections();
  await new Promise((resolve) => gateway.close(resolve));
  fs.rmSync(directory, { recursive: true });
});

interface Heard {
  readonly status: number;
  readonly text: string;
  readonly headers: http.IncomingHttpHeaders;
}

function post(path: string, body: unknown, headers?: http.OutgoingHttpHeaders): Promise<Heard> {
  const shown = headers ?? { authorization: `Bearer ${bridge.token}` };
  return new Promise((resolve, reject) => {
    const request = http.request(
      { socketPath: bridge.socket, path, method: "POST", headers: shown },
      async (response) => {
        let text = "";
        for await (const part of response) text += String(part);
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
      },
    );
    request.on("error", reject).end(JSON.stringify(body));
  });
}

const events = (text: string): Record<string, unknown>[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)) as Record<string, unknown>);

const chat = (more: object = {}) =>
  post("/v1/chat/completions", {
    model: "smart",
    messages: [{ role: "user", content: "hi" }],
    ...more,
  });
const messages = (more: object = {}) =>
  post("/v1/messages", {
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
    expect((await post("/v1/chat/completions", {}, headers)).status).toBe(401);
    expect(asked).toEqual([]);
  });

  test("takes the token in either header", async () => {
    const { status } = await post(
      "/v1/messages?beta=true",
      { model: "smart", messages: [] },
      {
        "x-api-key": bridge.token,
      },
    );
    expect(status).toBe(200);
  });

  test.each(["/con/audit", "/con/allow", "/v1/embeddings", "/v1/responses", "//x/v1/messages"])(
    "opens no other door: %s",
    async (path) => {
      expect((await post(path, {})).status).toBe(404);
      expect(asked).toEqual([]);
    },
  );

  test("names the task itself, and asks for a stream", async () => {
    await post(
      "/v1/chat/completions",
      { model: "smart", messages: [], store: true },
      {
        authorization: `Bearer ${bridge.token}`,
        "x-con-task": "another",
      },
    );
    expect(asked).toMatchObject([{ url: "/v1/chat/completions", task: "t1" }]);
    expect(asked[0]?.body).toEqual({
      model: "smart",
      messages: [],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test("makes no more calls than the task has left; those that are refused do not count", async () => {
    answer = (response) => response.writeHead(429).end();
    for (let count = 0; count < 5; count += 1) expect((await chat()).status).toBe(429);
    answer = speech;
    const statuses: number[] = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await messages()).status);
    expect(statuses).toEqual([200, 200, 200, 403]);
    expect(asked).toHaveLength(8);
  });
});

describe("chat completions", () => {
  test("whole", async () => {
    answer = stream(chunk(call(0, "bash", '{"a":')), chunk(call(0, "", "1}"), "tool_calls"));
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
    expect(calls).toEqual([{ model: "p/big", usage: { input: 9, output: 4, costUsd: 0.5 } }]);
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
    answer = (response) => {
      response.writeHead(402, { "retry-after": "60" });
      const error = { message: "nothing left today", type: "budget", over: "defer" };
      response.end(JSON.stringify({ error }));
    };
    const { status, text, headers } = await chat();
    expect([status, headers["retry-after"]]).toEqual([402, "60"]);
    expect(text).toContain("nothing left today");
    expect(bridge.refusal()).toEqual({ message: "nothing left today", notBefore: 61_000 });
    answer = speech;
    await chat();
    expect(bridge.refusal()).toBeNull();
    answer = (response) => response.writeHead(400).end('{"error":{"message":"odd"}}');
    await chat();
    expect(bridge.refusal()).toBeNull();
  });

  test("says that an answer was cut, and what it cost", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(chunk({ content: "Hel" }));
    };
    expect((await chat()).status).toBe(502);
    expect((await chat({ stream: true })).text).toContain("was cut");
    expect(calls).toHaveLength(2);
  });

  test("a gateway that is away is a refusal in words", async () => {
    answer = (response) => response.destroy();
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
    expect(asked[0]?.body).toEqual({
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
    answer = stream(
      chunk({ content: "Two." }),
      chunk(call(1, "b", '{"y"')),
      chunk(call(0, "a", "")),
      chunk(call(1, "", ":2}")),
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
    answer = stream(chunk({ content: "Hel" }, "length"));
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
    expect(asked).toEqual([]);
  });

  test("errors have the form that its clients know", async () => {
    answer = (response) => response.writeHead(429).end('{"error":{"message":"slow down"}}');
    expect(JSON.parse((await messages()).text)).toEqual({
      type: "error",
      error: { type: "rate_limit_error", message: "slow down" },
    });
    answer = stream(chunk({ content: "Hel" }), sseEvent({ error: { message: "it broke" } }));
    const { text } = await messages({ stream: true });
    expect(events(text).at(-1)).toMatchObject({ type: "error", error: { message: "it broke" } });
  });
});

test("nothing is left when it closes", async () => {
  await chat();
  await bridge.close();
  expect(fs.existsSync(bridge.socket)).toBe(false);
});
