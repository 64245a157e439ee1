/** Asks the gateway, as the agent. Never: throws for what the gateway answers; a connection that breaks rejects. */
import http from "node:http";
import type { JsonObject } from "../../system/json.ts";
import type { Failure } from "./doors.ts";

export interface Upstream {
  readonly gateway: string;
  readonly taskId: string;
  readonly agent: http.Agent;
}

export type Answer =
  | { readonly kind: "stream"; readonly response: http.IncomingMessage }
  /** `waits`: the same may succeed later. */
  | { readonly kind: "refused"; readonly failure: Failure; readonly waits: boolean };

const silenceMs = 300_000;
const maxErrorBytes = 64 << 10;

export async function askGateway(
  upstream: Upstream,
  body: JsonObject,
  signal: AbortSignal,
): Promise<Answer> {
  const text = JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } });
  const response = await send(upstream, "POST", "/v1/chat/completions", { text, signal });
  if (response.statusCode === 200) return { kind: "stream", response };
  return refusal(response, await readText(response));
}

export async function listModels(
  upstream: Upstream,
  response: http.ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const answer = await send(upstream, "GET", "/v1/models", { text: "", signal });
  const text = await readText(answer);
  response.writeHead(answer.statusCode ?? 502, { "content-type": "application/json" });
  response.end(text);
}

function send(
  { gateway, taskId, agent }: Upstream,
  method: string,
  path: string,
  { text, signal }: { readonly text: string; readonly signal: AbortSignal },
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = http.request({
      ...{ socketPath: gateway, agent, method, path, signal },
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
        "x-con-task": taskId,
      },
    });
    call.setTimeout(silenceMs, () => call.destroy(new Error("no answer for a long time")));
    call.on("response", resolve).on("error", reject);
    call.end(text);
  });
}

async function readText(response: http.IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const part of response) if (text.length < maxErrorBytes) text += part as string;
  return text;
}

function refusal(response: http.IncomingMessage, text: string): Answer {
  const status = response.statusCode ?? 502;
  const { message, type, over } = errorIn(text);
  const wait = Number(response.headers["retry-after"]);
  const hasWait = Number.isFinite(wait) && wait >= 0;
  const mayWait = type === "budget" && over === "defer";
  return {
    kind: "refused",
    waits: [408, 409, 425, 429].includes(status) || status >= 500 || mayWait,
    failure: {
      status,
      message: typeof message === "string" ? message : text.slice(0, 500),
      ...(hasWait ? { retryAfterSeconds: wait } : {}),
    },
  };
}

function errorIn(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as { readonly error?: JsonObject | null } | null;
    return value?.error ?? {};
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {};
  }
}
