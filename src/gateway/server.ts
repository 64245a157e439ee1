/**
 * The HTTP side of the gateway: who calls, what was asked, within which bounds.
 *
 * Each request gets the configuration of its moment, and keeps it to its end. Never: answers a uid that the
 * configuration does not know; reads more than the limits below.
 */
import http from "node:http";
import type { Socket } from "node:net";
import type { GatewayCaller } from "../config/runtime.ts";
import { errnoOf } from "../system/disk.ts";
import { serveAllow } from "./allow.ts";
import { type AuditDoor, createAuditDoor } from "./audit/serve.ts";
import type { Audit } from "./audit.ts";
import { bodyLimits, createRooms, type Room, readBody } from "./body.ts";
import { type CallDeps, handleCall, refuse } from "./calls.ts";
import { callerOf, heldProblem, type IdentityDeps, identify, refuseStranger } from "./identity.ts";
import { mayUse } from "./ladder.ts";
import { type Problem, problem } from "./problem.ts";
import { maxTaskChars } from "./request.ts";
import type { Endpoint } from "./upstream.ts";

const requestTimeoutMs = 60_000;
/** Longer than the slowest upstream: nothing came or went on the connection. */
const silenceMs = 900_000;

export interface ServerDeps extends Omit<CallDeps, "runtime" | "audit">, IdentityDeps {
  readonly audit: Audit;
}

/** The same, with what one server counts. */
interface Serving extends ServerDeps {
  readonly rooms: (uid: number) => Room;
  readonly door: AuditDoor;
}

/** Serves chat completions, embeddings and the list of aliases. Not listening yet. */
export function createGatewayServer(given: ServerDeps): http.Server {
  const door = createAuditDoor(given.audit, given.now);
  const deps: Serving = { ...given, rooms: createRooms(bodyLimits), door };
  const connections = new Map<number, number>();
  const uids = new WeakMap<Socket, Promise<number | Problem>>();
  const server = http.createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, keepAliveTimeout: 1000 },
    (request, response) => {
      // A kept connection brings no new call to a server that ends.
      response.once("finish", () => {
        if (!server.listening) request.socket.destroySoon();
      });
      const uid = uids.get(request.socket) ?? Promise.resolve(problem(500, "no caller"));
      serve(deps, uid, request, response).catch((error: unknown) => {
        // The caller went away while it was still sending; nobody waits for an answer.
        if (errnoOf(error) === "ECONNRESET" && request.destroyed) return;
        deps.log.error("a call failed unexpectedly", { why: String(error) });
        refuse(response, problem(500, "internal error of the gateway"));
      });
    },
  );
  server.setTimeout(silenceMs);
  server.on("connection", (socket: Socket) =>
    uids.set(
      socket,
      identify(deps, connections, socket).catch((error: unknown) => {
        deps.log.error("a caller cannot be told", { why: String(error) });
        return problem(500, "the gateway cannot tell who calls");
      }),
    ),
  );
  return server;
}

const endpoints: Readonly<Record<string, Endpoint>> = {
  "POST /v1/chat/completions": "/chat/completions",
  "POST /v1/embeddings": "/embeddings",
};

async function serve(
  deps: Serving,
  identified: Promise<number | Problem>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const uid = await identified;
  if (typeof uid !== "number") return refuse(response, uid);
  const runtime = deps.current();
  const caller = callerOf(runtime, uid);
  if (caller === null) return refuse(response, refuseStranger(deps, uid, request.socket));
  const served = { deps: { ...deps, runtime }, caller, request, response };
  const route = `${request.method} ${request.url}`;
  if (route === "GET /v1/models") return listModels(served);
  if (route === "POST /con/audit" || route === "POST /con/allow") {
    const trouble = await (route === "POST /con/audit"
      ? deps.door.serve(caller, request, response)
      : serveAllow(served.deps, caller, request, response));
    return trouble === null ? undefined : refuse(response, trouble);
  }
  const held = heldProblem(caller);
  if (held !== null) {
    deps.audit.denied(caller, { code: "held", asked: held.message, task: taskOf(request) });
    return refuse(response, held);
  }
  const endpoint = Object.hasOwn(endpoints, route) ? endpoints[route] : undefined;
  if (endpoint === undefined) return refuse(response, problem(404, "no such endpoint"));
  await serveCall(served, endpoint);
}

/** One request, with the configuration of its moment. */
interface Served {
  readonly deps: Serving & CallDeps;
  readonly caller: GatewayCaller;
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
}

async function serveCall(
  { deps, caller, request, response }: Served,
  endpoint: Endpoint,
): Promise<void> {
  const room = deps.rooms(caller.uid);
  try {
    const taken = await readBody(request, room);
    if (!taken.ok) return refuse(response, taken.problem);
    const { body, bytes } = taken;
    const gone = new AbortController();
    response.once("close", () => {
      if (!response.writableFinished) gone.abort(new Error("the caller has gone"));
    });
    const task = taskOf(request);
    const { signal } = gone;
    await handleCall(deps, { caller, endpoint, body, bytes, task, response, signal });
  } finally {
    room.release();
  }
}

const taskOf = (request: http.IncomingMessage): string | null => {
  const { "x-con-task": task } = request.headers;
  return typeof task === "string" ? task.slice(0, maxTaskChars) : null;
};

function listModels({ deps: { runtime }, caller, response }: Served): void {
  const data = Object.keys(runtime.models)
    .filter((alias) => mayUse(caller, alias))
    .map((id) => ({ id, object: "model", created: 0, owned_by: "con" }));
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ object: "list", data }));
}
