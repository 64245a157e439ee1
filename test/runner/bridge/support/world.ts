/** A bridge over real sockets: before it a client, behind it a gateway that says what a test wants. */
import fs from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sseDone, sseEvent } from "../../../../src/model/sse.ts";
import { type Bridge, openBridge } from "../../../../src/runner/bridge/bridge.ts";
import type { BridgeCall } from "../../../../src/runner/bridge/types.ts";
import { createLog } from "../../../../src/system/log.ts";

type Json = Record<string, unknown>;

export const chunk = (delta: object, finish: string | null = null): string =>
  sseEvent({ object: "chat.completion.chunk", choices: [{ delta, finish_reason: finish }] });
const usage = sseEvent({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 4 } });
const account = sseEvent({
  object: "con.call",
  choices: [],
  con: { model: "p/big", cost_usd: 0.5 },
});
/** All that a gateway sends. */
export const streamOf = (...parts: readonly string[]): string =>
  parts.join("") + usage + account + sseEvent(sseDone);
export const callPart = (index: number, name: string, text: string, id = `id-${index}`) => ({
  tool_calls: [{ index, id, function: { name, arguments: text } }],
});

export interface Heard {
  readonly status: number;
  readonly text: string;
  readonly headers: http.IncomingHttpHeaders;
}

export interface World extends AsyncDisposable {
  readonly bridge: Bridge;
  readonly asked: { url: string; task: unknown; body: Json }[];
  readonly calls: BridgeCall[];
  answer: (response: http.ServerResponse) => void;
  readonly says: (...parts: readonly string[]) => void;
  readonly post: (
    path: string,
    body: unknown,
    headers?: http.OutgoingHttpHeaders,
  ) => Promise<Heard>;
}

export async function openWorld(most = 1_000): Promise<World> {
  const directory = fs.mkdtempSync(join(tmpdir(), "con-bridge-test-"));
  const asked: World["asked"] = [];
  const calls: BridgeCall[] = [];
  const gateway = http.createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += String(part);
    const body = text === "" ? {} : (JSON.parse(text) as Json);
    asked.push({ url: request.url ?? "", task: request.headers["x-con-task"], body });
    world.answer(response);
  });
  const socket = join(directory, "gateway.sock");
  await new Promise<void>((resolve) => gateway.listen(socket, resolve));
  const bridge = await openBridge({
    ...{ gateway: socket, taskId: "t1", log: createLog(() => undefined) },
    ...{ now: () => 1_000, calls: most, called: (one: BridgeCall) => void calls.push(one) },
  });
  const world: World = {
    ...{ bridge, asked, calls },
    answer: () => undefined,
    says: (...parts) => {
      world.answer = (response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end(parts.join(""));
      };
    },
    post: (path, body, headers) => post(bridge, path, { body, headers }),
    async [Symbol.asyncDispose]() {
      await bridge.close();
      gateway.closeAllConnections();
      await new Promise((resolve) => gateway.close(resolve));
      fs.rmSync(directory, { recursive: true });
    },
  };
  return world;
}

function post(
  { socket: socketPath, token }: Bridge,
  path: string,
  { body, headers }: { body: unknown; headers: http.OutgoingHttpHeaders | undefined },
): Promise<Heard> {
  const shown = headers ?? { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const options = { socketPath, path, method: "POST", headers: shown };
    const request = http.request(options, async (response) => {
      let text = "";
      for await (const part of response) text += String(part);
      resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
    });
    request.on("error", reject).end(typeof body === "string" ? body : JSON.stringify(body));
  });
}

/** What the events of a stream hold. */
export const events = (text: string): Json[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)) as Json);
