/**
 * Calls the gateway over its Unix socket: OpenAI wire format, streamed.
 *
 * On the way of every cold wake, so it imports `node:http` and nothing else. Never: throws or rejects,
 * holds a key, or knows an upstream. A stream that is cut or not JSON is asked for once more, unless
 * the caller stopped it; after that it is a temporary error. The connection is kept for the next call
 * as long as the gateway says; one that the gateway closed meanwhile is replaced, and not a cut.
 */

import http from "node:http";
import { reasonOf } from "../system/errors.ts";
import { addChunk, createAssembly, EndlessAnswer, replyOf, StreamError } from "./assemble.ts";
import { needOf } from "./need.ts";
import { createSseParser, sseDone } from "./sse.ts";
import type { ModelError, ModelEvent, ModelRequest, SpendNeed, StreamModel } from "./types.ts";

/** No byte for this long ends the call: models think long, but keep the line alive. */
const silenceMs = 300_000;
const maxErrorBytes = 64 << 10;

interface Line {
  readonly socketPath: string;
  readonly agent: http.Agent;
}

/** A client of the gateway at `socketPath`. */
export function createModelClient(socketPath: string): StreamModel {
  const agent = new http.Agent({ keepAlive: true, agentKeepAliveTimeoutBuffer: 0 });
  const line: Line = { socketPath, agent };
  return async function* (request, signal) {
    for (let attempt = 1; ; attempt += 1) {
      const cut = yield* once(line, request, signal);
      if (cut === null) return;
      if (attempt === 2 || signal.aborted) {
        yield { kind: "error", error: temporary(cut) };
        return;
      }
    }
  };
}

/** One call. Returns why it must be repeated, or null when it ended in a reply or an error. */
async function* once(
  line: Line,
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, string | null> {
  try {
    const response = await post(line, request, signal);
    if (response.statusCode !== 200) {
      yield { kind: "error", error: refusal(response, await readError(response)) };
      return null;
    }
    return yield* readStream(response, request.model);
  } catch (error) {
    const why = reasonOf(error);
    if (error instanceof StreamError) return why;
    if (error instanceof EndlessAnswer) {
      yield { kind: "error", error: { ...temporary(why), kind: "permanent" } };
      return null;
    }
    if (error instanceof SyntaxError || error instanceof RangeError) {
      return `the model's answer is not readable: ${why}`;
    }
    if (!signal.aborted && (error as NodeJS.ErrnoException).code === "ECONNRESET") {
      return "the model's answer was cut";
    }
    yield { kind: "error", error: temporary(`the gateway cannot be used: ${why}`) };
    return null;
  }
}

async function* readStream(
  response: http.IncomingMessage,
  alias: string,
): AsyncGenerator<ModelEvent, string | null> {
  const assembly = createAssembly(alias);
  const parse = createSseParser();
  response.setEncoding("utf8");
  for await (const text of response) {
    for (const payload of parse(text as string)) {
      if (payload === sseDone) continue;
      const delta = addChunk(assembly, payload);
      if (delta !== "") yield { kind: "text", delta };
    }
  }
  if (!assembly.finished) return "the model's answer was cut";
  yield { kind: "reply", reply: replyOf(assembly) };
  return null;
}

async function post(
  line: Line,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const body = encode(request);
  for (;;) {
    const answer = await postOnce(line, body, request.taskId, signal);
    if (answer !== "stale") return answer;
  }
}

function encode(request: ModelRequest): string {
  const { model, messages, tools, form, temperature, maxOutputTokens } = request;
  return JSON.stringify({
    model,
    messages,
    ...(tools.length === 0 ? {} : { tools }),
    ...(form === undefined
      ? {}
      : { response_format: { type: "json_schema", json_schema: { ...form, strict: true } } }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { max_tokens: maxOutputTokens }),
    stream: true,
    stream_options: { include_usage: true },
  });
}

/** `stale`: a kept connection was gone before a byte of the answer came. It is kept no more. */
function postOnce(
  line: Line,
  body: string,
  taskId: string,
  signal: AbortSignal,
): Promise<http.IncomingMessage | "stale"> {
  return new Promise((resolve, reject) => {
    const call = http.request({
      ...line,
      signal,
      method: "POST",
      path: "/v1/chat/completions",
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        "x-con-task": taskId,
      },
    });
    call.setTimeout(silenceMs, () => call.destroy(new Error("no answer for a long time")));
    call.on("response", resolve);
    call.on("error", (error: NodeJS.ErrnoException) => {
      const gone = ["ECONNRESET", "EPIPE"].includes(error.code ?? "");
      if (call.reusedSocket && gone && !signal.aborted) resolve("stale");
      else reject(error);
    });
    call.end(body);
  });
}

interface Reason {
  readonly message: string;
  /** There is no budget for the call now, and the task may wait until there is. */
  readonly mayWait: boolean;
  /** People may let it be paid for. */
  readonly needs: SpendNeed | null;
}

async function readError(response: http.IncomingMessage): Promise<Reason> {
  let text = "";
  response.setEncoding("utf8");
  for await (const part of response) if (text.length < maxErrorBytes) text += part as string;
  try {
    const value = JSON.parse(text) as { error?: Readonly<Record<string, unknown>> | null } | null;
    const { message, type, over } = value?.error ?? {};
    const mayWait = type === "budget" && over === "defer";
    if (typeof message === "string") return { message, mayWait, needs: needOf(value?.error) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { message: text.slice(0, 500) || "no reason given", mayWait: false, needs: null };
}

/**
 * 408, 409, 425, 429 and all 5xx may pass, and a daily budget is there again tomorrow; the rest needs
 * somebody to change something.
 */
function refusal(response: http.IncomingMessage, { message, mayWait, needs }: Reason): ModelError {
  const status = response.statusCode ?? 0;
  const passing = [408, 409, 425, 429].includes(status) || status >= 500 || mayWait;
  const wait = Number(response.headers["retry-after"]);
  return {
    kind: passing ? "temporary" : "permanent",
    status,
    message,
    retryAfterSeconds: Number.isFinite(wait) && wait >= 0 ? wait : null,
    ...(needs === null ? {} : { needs }),
  };
}

const temporary = (message: string): ModelError => ({
  kind: "temporary",
  status: null,
  message,
  retryAfterSeconds: null,
});
