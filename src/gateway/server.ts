/**
 * The HTTP side of the gateway: who calls, what was asked, within which bounds.
 *
 * Never: believes a name in a request; answers a uid that the configuration does not know; reads more
 * than the limits below.
 */
import http from "node:http";
import type { Socket } from "node:net";
import { noBudget } from "../config/authority.ts";
import { holdOf, readHolds } from "../config/holds.ts";
import type { GatewayCaller } from "../config/types.ts";
import { errnoOf } from "../system/disk.ts";
import type { ReadPeer } from "../system/peercred.ts";
import { type AuditDoor, createAuditDoor } from "./audit/serve.ts";
import type { Audit } from "./audit.ts";
import { bodyLimits, createRooms, type Room, readBody } from "./body.ts";
import { type CallDeps, handleCall, refuse } from "./calls.ts";
import { mayUse } from "./ladder.ts";
import { type Problem, problem } from "./problem.ts";
import type { Endpoint } from "./upstream.ts";

const maxConnectionsPerUid = 64;
/** For uids that are nobody's: enough to be told so. */
const maxStrangers = 4;
const strangerMs = 2_000;
const requestTimeoutMs = 60_000;
/** Longer than the slowest upstream: nothing came or went on the connection. */
const silenceMs = 900_000;

export interface ServerDeps extends CallDeps {
  /** Loaded while the first request is being read. */
  readonly readPeer: Promise<ReadPeer>;
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
  const callers = new WeakMap<Socket, Promise<GatewayCaller | Problem>>();
  const server = http.createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, keepAliveTimeout: 1000 },
    (request, response) => {
      // A kept connection brings no new call to a server that ends.
      response.once("finish", () => {
        if (!server.listening) request.socket.destroySoon();
      });
      const caller = callers.get(request.socket) ?? Promise.resolve(problem(500, "no caller"));
      serve(deps, caller, request, response).catch((error: unknown) => {
        // The caller went away while it was still sending; nobody waits for an answer.
        if (errnoOf(error) === "ECONNRESET" && request.destroyed) return;
        deps.log.error("a call failed unexpectedly", { why: String(error) });
        refuse(response, problem(500, "internal error of the gateway"));
      });
    },
  );
  server.setTimeout(silenceMs);
  server.on("connection", (socket: Socket) =>
    callers.set(
      socket,
      identify(deps, connections, socket).catch((error: unknown) => {
        deps.log.error("a caller cannot be told", { why: String(error) });
        return problem(500, "the gateway cannot tell who calls");
      }),
    ),
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
  const caller = callerOf(deps, uid);
  if (open > (caller === null ? maxStrangers : maxConnectionsPerUid)) {
    socket.destroy();
    return problem(429, "too many connections of this user", 5);
  }
  if (caller !== null) return caller;
  dropSoon(socket);
  const what = `uid ${uid} is no agent of this system and no operator`;
  deps.audit.denied({ uid, name: null }, { code: "stranger", asked: what });
  return problem(403, what);
}

/** Time enough to read the refusal, and no connection that a stranger can hold. */
function dropSoon(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), strangerMs);
  socket.once("close", () => clearTimeout(timer));
}

function callerOf({ runtime }: ServerDeps, uid: number): GatewayCaller | null {
  if (uid === 0) return { uid, name: "root", tier: null, models: ["*"], budget: noBudget };
  return runtime.callers.find((caller) => caller.uid === uid) ?? null;
}

/** Whoever is stopped on purpose spends nothing, whatever still runs as that user. */
function heldProblem({ name, tier }: GatewayCaller): Problem | null {
  const hold = tier === null ? null : holdOf(readHolds(), { name, tier });
  return hold === null ? null : problem(503, `${name} is ${hold.kind}: no model is called`, 60);
}

const endpoints: Readonly<Record<string, Endpoint>> = {
  "POST /v1/chat/completions": "/chat/completions",
  "POST /v1/embeddings": "/embeddings",
};

async function serve(
  deps: Serving,
  identified: Promise<GatewayCaller | Problem>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const caller = await identified;
  if ("status" in caller) return refuse(response, caller);
  const route = `${request.method} ${request.url}`;
  if (route === "GET /v1/models") return listModels(deps, caller, response);
  if (route === "POST /con/audit") {
    const trouble = await deps.door.serve(caller, request, response);
    return trouble === null ? undefined : refuse(response, trouble);
  }
  const held = heldProblem(caller);
  if (held !== null) {
    deps.audit.denied(caller, { code: "held", asked: held.message, task: taskOf(request) });
    return refuse(response, held);
  }
  const endpoint = Object.hasOwn(endpoints, route) ? endpoints[route] : undefined;
  if (endpoint === undefined) return refuse(response, problem(404, "no such endpoint"));
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
  return typeof task === "string" ? task.slice(0, 200) : null;
};

function listModels(deps: ServerDeps, caller: GatewayCaller, response: http.ServerResponse): void {
  const data = Object.keys(deps.runtime.models)
    .filter((alias) => mayUse(caller, alias))
    .map((id) => ({ id, object: "model", created: 0, owned_by: "con" }));
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ object: "list", data }));
}
