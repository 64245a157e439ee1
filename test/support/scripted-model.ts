/**
 * A scripted OpenAI-compatible server: stands in for the model in tests. Nothing else is faked.
 *
 * Imports only Node, so that it also runs by itself inside the container:
 *   node scripted-model.ts --port 18080 --script script.json --log requests.jsonl
 *
 * A script is a list of rules. The first whose `when` occurs in a user message answers; the turn is the
 * number of assistant messages so far, so that an answer depends on the conversation and not on what
 * other callers did. A turn with `attempts` answers differently the first time, the second time, …; the
 * last one repeats.
 */
import { appendFileSync, readFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

export interface Turn {
  readonly text?: string;
  readonly tool_calls?: readonly { readonly name: string; readonly arguments: unknown }[];
  /** An error instead of an answer. */
  readonly status?: number;
  readonly message?: string;
  /** Value of the Retry-After header. */
  readonly retry_after?: string;
  /** Echo the caller's Authorization header in the error: a badly behaved upstream. */
  readonly echo_key?: boolean;
  readonly delay_ms?: number;
  /** Break the connection after half of the text. */
  readonly cut?: boolean;
  /** Say half of the text, and nothing more. */
  readonly hang?: boolean;
  /** End properly, but without a finish reason. */
  readonly unfinished?: boolean;
  /** Send something that is not JSON in the middle. */
  readonly garbage?: boolean;
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly attempts?: readonly Turn[];
}

export interface Rule {
  readonly when: string;
  readonly turns: readonly Turn[];
}

export interface Request {
  readonly url: string;
  readonly authorization: string | null;
  readonly body: ChatBody;
}

interface ChatBody {
  readonly model?: string;
  readonly stream?: boolean;
  readonly messages?: readonly { readonly role: string; readonly content?: unknown }[];
}

export interface ScriptedModel {
  readonly url: string;
  readonly requests: readonly Request[];
  readonly close: () => Promise<void>;
}

interface ServerOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  readonly log?: (request: Request) => void;
  /** Every request is noted, and no answer begun before. */
  readonly until?: Promise<void>;
}

/** Listens on loopback. */
export async function startScriptedModel(
  rules: readonly Rule[],
  { port = 0, log, until }: ServerOptions = {},
): Promise<ScriptedModel> {
  const requests: Request[] = [];
  const counts = new Map<string, number>();
  const server = http.createServer((request, response) => {
    const see = async (seen: Request): Promise<void> => {
      requests.push(seen);
      log?.(seen);
      await until;
    };
    handle(rules, counts, request, response, see).catch((error: unknown) =>
      response.destroy(error as Error),
    );
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  rules: readonly Rule[],
  counts: Map<string, number>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  see: (request: Request) => Promise<void>,
): Promise<void> {
  let text = "";
  for await (const part of request) text += String(part);
  const { url = "", headers } = request;
  const body = (text === "" ? {} : JSON.parse(text)) as ChatBody;
  await see({ url, authorization: headers.authorization ?? null, body });
  if (url === "/v1/models")
    return json(response, 200, { object: "list", data: [{ id: "scripted-1" }] });
  if (url === "/v1/embeddings") return json(response, 200, embedding);
  const turn = turnFor(rules, counts, body);
  if (turn === null)
    return json(response, 400, { error: { message: "the script has no rule for this" } });
  if (turn.delay_ms !== undefined) await sleep(turn.delay_ms);
  if (turn.status !== undefined) return refuse(response, turn, headers.authorization ?? "");
  if (body.stream === true) return streamTurn(response, turn, body.model ?? "");
  return json(response, 200, whole(turn, body.model ?? ""));
}

const embedding = {
  object: "list",
  data: [{ object: "embedding", index: 0, embedding: [0.5, -0.5] }],
  usage: { prompt_tokens: 2, total_tokens: 2 },
};

function turnFor(rules: readonly Rule[], counts: Map<string, number>, body: ChatBody): Turn | null {
  const messages = body.messages ?? [];
  const said = messages.filter(({ role }) => role === "user").map(({ content }) => String(content));
  const rule = rules.findIndex(({ when }) => said.some((text) => text.includes(when)));
  const at = messages.filter(({ role }) => role === "assistant").length;
  const turns = rules[rule]?.turns ?? [];
  const turn = turns[Math.min(at, turns.length - 1)];
  if (turn?.attempts === undefined) return turn ?? null;
  const key = `${rule}/${at}`;
  const count = counts.get(key) ?? 0;
  counts.set(key, count + 1);
  return turn.attempts[Math.min(count, turn.attempts.length - 1)] ?? null;
}

function refuse(response: http.ServerResponse, turn: Turn, authorization: string): void {
  const echo = turn.echo_key === true ? ` (you sent ${authorization})` : "";
  json(
    response,
    turn.status ?? 500,
    { error: { message: `${turn.message ?? "scripted error"}${echo}` } },
    turn.retry_after === undefined ? {} : { "retry-after": turn.retry_after },
  );
}

function json(
  response: http.ServerResponse,
  status: number,
  value: unknown,
  headers: http.OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
}

const usageOf = (turn: Turn) => turn.usage ?? { prompt_tokens: 10, completion_tokens: 5 };

const finishOf = (turn: Turn): string => (turn.tool_calls === undefined ? "stop" : "tool_calls");

const callsOf = (turn: Turn) =>
  (turn.tool_calls ?? []).map((call, index) => ({
    index,
    id: `call_${index}_${Math.random().toString(16).slice(2)}`,
    type: "function",
    function: {
      name: call.name,
      arguments:
        typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments),
    },
  }));

function streamTurn(response: http.ServerResponse, turn: Turn, model: string): void {
  const send = (choices: unknown, extra: object = {}) =>
    response.write(
      `data: ${JSON.stringify({ id: "scripted", object: "chat.completion.chunk", created: 0, model, choices, ...extra })}\n\n`,
    );
  const delta = (value: object, finish: string | null = null) =>
    send([{ index: 0, delta: value, finish_reason: finish }]);
  const text = turn.text ?? "";
  const half = Math.ceil(text.length / 2);
  response.writeHead(200, { "content-type": "text/event-stream" });
  delta({ role: "assistant", content: text.slice(0, half) });
  if (turn.cut === true) return void setImmediate(() => response.destroy());
  if (turn.hang === true) return;
  if (turn.garbage === true) response.write("data: {not json\n\n");
  delta({ content: text.slice(half) });
  for (const call of callsOf(turn)) delta({ tool_calls: [call] });
  if (turn.unfinished !== true) delta({}, finishOf(turn));
  send([], { usage: usageOf(turn) });
  response.end("data: [DONE]\n\n");
}

const whole = (turn: Turn, model: string) => ({
  id: "scripted",
  object: "chat.completion",
  created: 0,
  model,
  choices: [
    {
      index: 0,
      finish_reason: finishOf(turn),
      message: {
        role: "assistant",
        content: turn.text ?? null,
        ...(turn.tool_calls === undefined ? {} : { tool_calls: callsOf(turn) }),
      },
    },
  ],
  usage: usageOf(turn),
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: "string" }, script: { type: "string" }, log: { type: "string" } },
  });
  const rules = JSON.parse(readFileSync(values.script ?? "", "utf8")) as Rule[];
  const { log } = values;
  const started = await startScriptedModel(rules, {
    port: Number(values.port ?? "0"),
    ...(log === undefined
      ? {}
      : { log: (request) => appendFileSync(log, `${JSON.stringify(request)}\n`) }),
  });
  process.stdout.write(`${started.url}\n`);
}

if (import.meta.main) await main();
