/**
 * The HTTP side of the gateway: who calls, what was asked, within which bounds.
 *
 * Never: believes a name in a request; answers a uid that the configuration does not know; reads more
 * than the limits below.
 */
import http from "node:http";
import type { Socket } from "node:net";
import type { GatewayCaller } from "../config/types.ts";
import type { ReadPeer } from "../system/peercred.ts";
import { type CallDeps, handleCall, refuse } from "./calls.ts";
import { mayUse } from "./ladder.ts";
import { type Problem, problem } from "./problem.ts";
import type { Body, Endpoint } from "./upstream.ts";

export const maxBodyBytes = 32 << 20;
const maxConnectionsPerUid = 64;
const requestTimeoutMs = 60_000;

export interface ServerDeps extends CallDeps {
  /** Loaded while the first request is being read. */
  readonly readPeer: Promise<ReadPeer>;
}

/** Serves chat completions, embeddings and the list of aliases. Not listening yet. */
export function createGatewayServer(deps: ServerDeps): http.Server {
  const connections = new Map<number, number>();
  const callers = new WeakMap<Socket, Promise<GatewayCaller | Problem>>();
  const server = http.createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, keepAliveTimeout: 1000 },
    (request, response) => {
      const caller = callers.get(request.socket) ?? Promise.resolve(problem(500, "no caller"));
      serve(deps, caller, request, response).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        deps.log.error("a call failed unexpectedly", { why });
        refuse(response, problem(500, "internal error of the gateway"));
      });
    },
  );
  server.on("connection", (socket: Socket) =>
    callers.set(socket, identify(deps, connections, socket)),
  );
  return server;
}

/** The connection's uid, once; its place in the count is free again when it closes. */
async function identify(
  deps: ServerDeps,
  connections: Map<number, number>,
  socket: Socket,
): Promise<GatewayCaller | Problem> {
  const readPeer = await deps.readPeer;
  if (socket.destroyed) return problem(499, "the caller has gone");
  const { uid } = readPeer(socket);
  const open = (connections.get(uid) ?? 0) + 1;
  connections.set(uid, open);
  socket.once("close", () => {
    const left = (connections.get(uid) ?? 1) - 1;
    if (left === 0) connections.delete(uid);
    else connections.set(uid, left);
  });
  if (open > maxConnectionsPerUid) return problem(429, "too many connections of this user", 5);
  const caller = callerOf(deps, uid);
  return caller ?? problem(403, `uid ${uid} is no agent of this system and no operator`);
}

function callerOf({ runtime }: ServerDeps, uid: number): GatewayCaller | null {
  if (uid === 0) return { uid, name: "root", models: ["*"] };
  return runtime.callers.find((caller) => caller.uid === uid) ?? null;
}

const endpoints: Readonly<Record<string, Endpoint>> = {
  "POST /v1/chat/completions": "/chat/completions",
  "POST /v1/embeddings": "/embeddings",
};

async function serve(
  deps: ServerDeps,
  identified: Promise<GatewayCaller | Problem>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const caller = await identified;
  if ("status" in caller) return refuse(response, caller);
  const route = `${request.method} ${request.url}`;
  if (route === "GET /v1/models") return listModels(deps, caller, response);
  const endpoint = Object.hasOwn(endpoints, route) ? endpoints[route] : undefined;
  if (endpoint === undefined) return refuse(response, problem(404, "no such endpoint"));
  const body = await readBody(request);
  if (isProblem(body)) return refuse(response, body);
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort(new Error("the caller has gone"));
  });
  await handleCall(deps, {
    caller,
    endpoint,
    body,
    task: taskOf(request),
    response,
    signal: gone.signal,
  });
}

const isProblem = (value: Body | Problem): value is Problem =>
  typeof value["status"] === "number" && "retryAfterSeconds" in value;

const taskOf = (request: http.IncomingMessage): string | null => {
  const { "x-con-task": task } = request.headers;
  return typeof task === "string" ? task.slice(0, 200) : null;
};

async function readBody(request: http.IncomingMessage): Promise<Body | Problem> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > maxBodyBytes)
      return problem(413, `the request is larger than ${maxBodyBytes} bytes`);
    parts.push(part as Buffer);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      const { model, messages, input } = value as Record<string, unknown>;
      const shaped = typeof model === "string" && (Array.isArray(messages) || input !== undefined);
      if (shaped) return value as Body;
    }
    return problem(400, "the request needs `model`, and `messages` (a list) or `input`");
  } catch (error) {
    if (error instanceof SyntaxError) return problem(400, "the request is not JSON");
    throw error;
  }
}

function listModels(deps: ServerDeps, caller: GatewayCaller, response: http.ServerResponse): void {
  const data = Object.keys(deps.runtime.models)
    .filter((alias) => mayUse(caller, alias))
    .map((id) => ({ id, object: "model", created: 0, owned_by: "con" }));
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ object: "list", data }));
}
