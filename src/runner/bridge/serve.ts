/**
 * One model call of a program: read within bounds, put into the gateway's form, answered in the program's.
 *
 * Upstream it is always a stream: it carries what the call cost. Never: believes a task's name from the program.
 */
import type http from "node:http";
import { addChunk, createAssembly, replyOf, StreamError } from "../../model/assemble.ts";
import { createSseParser, sseDone } from "../../model/sse.ts";
import type { JsonObject } from "../../system/json.ts";
import type { Door, Failure, Speaker } from "./doors.ts";
import { type Held, readBody } from "./read.ts";
import type { BridgeCall, Refusal } from "./types.ts";
import { askGateway, type Upstream } from "./upstream.ts";

export interface Serving extends Upstream {
  readonly now: () => number;
  /** Model calls that the task may still make; those that are refused do not count. */
  readonly left: { calls: number };
  readonly called: (call: BridgeCall) => void;
  readonly refused: (found: Refusal | null) => void;
  /** Of all requests that are being served. */
  readonly room: Held;
}

interface Asked {
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
  /** Comes when the client has gone. */
  readonly gone: AbortSignal;
}

export async function serveCall(
  serving: Serving,
  door: Door,
  { request, response, gone }: Asked,
): Promise<void> {
  const held = { bytes: 0 };
  try {
    const read = await readBody(serving.room, held, request);
    if ("failure" in read) return door.refuse(response, read.failure);
    const { body } = read;
    const asked = door.request(body);
    if (typeof asked === "string") return door.refuse(response, { status: 400, message: asked });
    if (serving.left.calls <= 0) return door.refuse(response, noneLeft);
    serving.left.calls -= 1;
    const answer = await askGateway(serving, asked, gone);
    if (answer.kind === "refused") {
      serving.left.calls += 1;
      serving.refused(answer.waits ? refusalOf(answer.failure, serving.now()) : null);
      return door.refuse(response, answer.failure);
    }
    serving.refused(null);
    await passOn(serving, door.speaker(response, body), answer.response, String(asked["model"]));
  } finally {
    serving.room.bytes -= held.bytes;
  }
}

const noneLeft: Failure = { status: 403, message: "the task has made all its model calls" };

const refusalOf = ({ message, retryAfterSeconds }: Failure, now: number): Refusal => ({
  message,
  notBefore: retryAfterSeconds === undefined ? null : now + retryAfterSeconds * 1000,
});

/** What the stream cost is told in any case. */
async function passOn(
  { called }: Serving,
  speaker: Speaker,
  response: http.IncomingMessage,
  alias: string,
): Promise<void> {
  const assembly = createAssembly(alias);
  const parse = createSseParser();
  response.setEncoding("utf8");
  try {
    for await (const text of response)
      for (const payload of parse(text as string)) {
        if (payload === sseDone) continue;
        const delta = addChunk(assembly, payload);
        await speaker.chunk(JSON.parse(payload) as JsonObject, delta);
      }
    if (!assembly.finished) throw new StreamError("the model's answer was cut");
    await speaker.end(replyOf(assembly));
  } catch (error) {
    if (!isGarbled(error)) throw error;
    speaker.fail({ status: 502, message: error.message });
  } finally {
    const { model, usage, costUsd } = assembly;
    called({ model, usage: { ...usage, costUsd } });
  }
}

const isGarbled = (error: unknown): error is Error =>
  error instanceof Error &&
  (error instanceof SyntaxError || error instanceof RangeError || garbled.has(error.name));

const garbled: ReadonlySet<string> = new Set(["StreamError", "EndlessAnswer"]);
