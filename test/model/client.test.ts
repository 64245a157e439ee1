import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createModelClient } from "../../src/model/client.ts";
import type { ModelEvent, ModelRequest } from "../../src/model/types.ts";

type Answer = (response: http.ServerResponse, attempt: number) => void;

interface Seen {
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** A gateway that answers as told. */
async function gateway(answer: Answer) {
  const directory = mkdtempSync(join(tmpdir(), "con-client-"));
  const socket = join(directory, "g.sock");
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part) => {
      text += part;
    });
    request.on("end", () => {
      seen.push({ headers: request.headers, body: JSON.parse(text) });
      answer(response, seen.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true, force: true });
  });
  return { socket, seen };
}

const request: ModelRequest = {
  model: "smart",
  messages: [{ role: "user", content: "grüße" }],
  tools: [],
  taskId: "task-1",
};

const ask = (socket: string, signal = new AbortController().signal): Promise<ModelEvent[]> =>
  collect(createModelClient(socket)(request, signal));

async function collect(stream: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const delta = (value: object, finish: string | null = null): string =>
  event({ choices: [{ index: 0, delta: value, finish_reason: finish }] });
const stop = delta({}, "stop");
const done = "data: [DONE]\n\n";

const streaming = (text: string | Buffer): Answer => {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(text);
  };
};

const refusing = (status: number, body: string, headers: http.OutgoingHttpHeaders = {}): Answer => {
  return (response) => void response.writeHead(status, headers).end(body);
};

test("an answer without an end is an error with its reason, and not asked for again", async () => {
  const part = delta({ tool_calls: [{ index: 0, function: { arguments: "x".repeat(1 << 20) } }] });
  const { socket, seen } = await gateway(streaming(part.repeat(5)));
  expect(await ask(socket)).toEqual([
    {
      kind: "error",
      error: expect.objectContaining({
        kind: "permanent",
        message: expect.stringContaining("more than 4000000 characters"),
      }),
    },
  ]);
  expect(seen).toHaveLength(1);
});

describe("a reply", () => {
  test("is what the stream says, with usage, model and cost of the gateway's account", async () => {
    const { socket, seen } = await gateway(
      streaming(
        delta({ role: "assistant", content: "Grü" }) +
          delta({ content: "ße" }) +
          stop +
          event({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 3 } }) +
          event({ choices: [], con: { model: "p/m", cost_usd: 0.5 } }) +
          done,
      ),
    );
    expect(await ask(socket)).toEqual([
      { kind: "text", delta: "Grü" },
      { kind: "text", delta: "ße" },
      {
        kind: "reply",
        reply: {
          text: "Grüße",
          toolCalls: [],
          model: "p/m",
          usage: { input: 12, output: 3 },
          costUsd: 0.5,
        },
      },
    ]);
    expect(seen[0]?.headers["x-con-task"]).toBe("task-1");
    expect(seen[0]?.body).toEqual({
      model: "smart",
      messages: request.messages,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test("is the same when every byte comes by itself, with CRLF and comments between", async () => {
    const text = `: hello\r\n\r\n${(delta({ content: "ü€𝄞" }) + stop + done).replaceAll("\n", "\r\n")}`;
    const { socket } = await gateway((response) => {
      response.writeHead(200);
      for (const byte of Buffer.from(text)) response.write(Uint8Array.of(byte));
      response.end();
    });
    expect((await ask(socket)).at(-1)).toMatchObject({ kind: "reply", reply: { text: "ü€𝄞" } });
  });

  test("has tool calls put together by their index, arguments as raw text", async () => {
    const part = (index: number, rest: object) => delta({ tool_calls: [{ index, ...rest }] });
    const { socket } = await gateway(
      streaming(
        part(1, { id: "b", function: { name: "two", arguments: '{"x":' } }) +
          part(0, { id: "a", function: { name: "one", arguments: "" } }) +
          part(1, { function: { arguments: "1, " } }) +
          part(0, { function: { arguments: "{}" } }) +
          delta({}, "tool_calls") +
          done,
      ),
    );
    expect((await ask(socket)).at(-1)).toMatchObject({
      kind: "reply",
      reply: {
        toolCalls: [
          { id: "a", name: "one", arguments: "{}" },
          { id: "b", name: "two", arguments: '{"x":1, ' },
        ],
      },
    });
  });
});

describe("trouble", () => {
  test.each([
    [429, { "retry-after": "7" }, "temporary", 7],
    [503, {}, "temporary", null],
    [500, { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }, "temporary", null],
    [408, {}, "temporary", null],
    [400, {}, "permanent", null],
    [401, {}, "permanent", null],
    [403, {}, "permanent", null],
    [404, {}, "permanent", null],
    [422, {}, "permanent", null],
  ] as const)("%i %j is %s", async (status, headers, kind, retryAfterSeconds) => {
    const body = JSON.stringify({ error: { message: "because" } });
    const { socket, seen } = await gateway(refusing(status, body, headers));
    const error = { kind, status, message: "because", retryAfterSeconds };
    expect(await ask(socket)).toEqual([{ kind: "error", error }]);
    expect(seen).toHaveLength(1);
  });

  test.each(["", "<html>oops", '{"error":null}', '{"error":"text"}', "null"])(
    "an error with body %j is readable all the same",
    async (body) => {
      const { socket } = await gateway(refusing(500, body));
      const [found] = await ask(socket);
      expect(found).toMatchObject({ kind: "error", error: { kind: "temporary", status: 500 } });
      expect(found?.kind === "error" && found.error.message).not.toBe("");
    },
  );

  test.each([
    ["cut", delta({ content: "half" }), false],
    ["without a finish reason", delta({ content: "half" }) + done, true],
    ["garbage", `data: {oops\n\n${stop}`, true],
    ["a list for a chunk", `data: []\n\n${stop}`, true],
    ["an error inside", event({ error: { message: "p/m broke off" } }), true],
  ])("a stream that is %s is asked for once more", async (_, text, ends) => {
    const broken: Answer = (response) => {
      response.writeHead(200).write(text, () => (ends ? response.end() : response.destroy()));
    };
    const whole = streaming(delta({ content: "all" }) + stop + done);
    const recovering = await gateway((response, attempt) =>
      attempt === 1 ? broken(response, 1) : whole(response, 2),
    );
    const events = await ask(recovering.socket);
    expect(events.at(-1)).toMatchObject({ kind: "reply", reply: { text: "all" } });
    const failing = await gateway(broken);
    const last = (await ask(failing.socket)).at(-1);
    expect(last).toMatchObject({ kind: "error", error: { kind: "temporary" } });
    expect(failing.seen).toHaveLength(2);
  });

  test("a gateway that is not there is temporary", async () => {
    const [found] = await ask("/nonexistent/gateway.sock");
    expect(found).toMatchObject({ kind: "error", error: { kind: "temporary", status: null } });
  });

  test.each(["before", "after"])(
    "a caller that stops %s the first byte is let go",
    async (when) => {
      const stopping = new AbortController();
      const { socket, seen } = await gateway((response) => {
        if (when === "before") return stopping.abort();
        response.writeHead(200);
        response.write(delta({ content: "x" }), () => stopping.abort());
      });
      const events = await ask(socket, stopping.signal);
      expect(events.at(-1)).toMatchObject({ kind: "error", error: { kind: "temporary" } });
      expect(events.filter(({ kind }) => kind !== "text")).toHaveLength(1);
      expect(seen).toHaveLength(1);
    },
  );
});

describe("a connection", () => {
  const whole = streaming(delta({ content: "all" }) + stop + done);
  const again = (model: ReturnType<typeof createModelClient>): Promise<ModelEvent[]> =>
    collect(model(request, new AbortController().signal));

  test("is kept for the next call", async () => {
    const sockets = new Set<unknown>();
    const { socket, seen } = await gateway((response, attempt) => {
      sockets.add(response.socket);
      whole(response, attempt);
    });
    const model = createModelClient(socket);
    for (let n = 0; n < 3; n += 1) expect((await again(model)).at(-1)?.kind).toBe("reply");
    expect(seen).toHaveLength(3);
    expect(sockets.size).toBe(1);
  });

  test("that was closed meanwhile is replaced, which is not a cut answer", async () => {
    const used = new WeakSet<object>();
    let cuts = 0;
    const { socket, seen } = await gateway((response, attempt) => {
      const line = response.socket ?? {};
      if (used.has(line)) return void response.destroy();
      used.add(line);
      if (attempt === 1 || cuts === 1) return whole(response, attempt);
      cuts += 1;
      response.writeHead(200).write(delta({ content: "half" }), () => response.destroy());
    });
    const model = createModelClient(socket);
    await again(model);
    expect((await again(model)).at(-1)).toMatchObject({ kind: "reply", reply: { text: "all" } });
    // Answered, closed, cut, answered.
    expect(seen).toHaveLength(4);
  });
});
