/**
 * The models of an agent for the program that does one of its tasks: HTTP on a Unix socket of the runner's, passed on to
 * the gateway. The gateway knows the agent by its uid, so grants, budgets and the ledger hold as they do for the loop; the
 * task is named here, and not by the program.
 *
 * Never: answers without this task's token; passes on anything but model calls (the gateway's other doors are not the
 * program's); holds more than the bounds here; outlives the task. A crash leaves an empty folder in the unit's own /tmp,
 * which goes with the unit.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reasonOf } from "../../system/errors.ts";
import type { Log } from "../../system/log.ts";
import { anthropicDoor } from "./anthropic.ts";
import { type Door, type Failure, openaiDoor } from "./doors.ts";
import { geminiDoorAt } from "./gemini.ts";
import { responsesDoor } from "./responses.ts";
import { type Serving, serveCall } from "./serve.ts";
import type { BridgeCall, Refusal } from "./types.ts";
import { listModels } from "./upstream.ts";

export interface BridgeOptions {
  /** The gateway's socket. */
  readonly gateway: string;
  readonly taskId: string;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Model calls that the task may still make. */
  readonly calls: number;
  /** A call that was answered. Must not throw. */
  readonly called: (call: BridgeCall) => void;
}

export interface Bridge {
  readonly socket: string;
  readonly token: string;
  /** Of the latest call, where it was refused and waiting helps. */
  readonly refusal: () => Refusal | null;
  readonly close: () => Promise<void>;
}

const maxConnections = 32;
const headerMs = 60_000;

const doors: Readonly<Record<string, Door>> = {
  "/v1/chat/completions": openaiDoor,
  "/v1/messages": anthropicDoor,
  "/v1/responses": responsesDoor,
};

function doorAt(pathname: string, query: string): Door | null {
  if (Object.hasOwn(doors, pathname)) return doors[pathname] ?? null;
  return geminiDoorAt(pathname, new URLSearchParams(query));
}

export async function openBridge(options: BridgeOptions): Promise<Bridge> {
  const token = randomBytes(32).toString("hex");
  const directory = fs.mkdtempSync(join(tmpdir(), "con-models-"));
  const socket = join(directory, "socket");
  const agent = new http.Agent({ keepAlive: true, maxSockets: maxConnections });
  let refusal: Refusal | null = null;
  const underway = new Set<Promise<void>>();
  const serving = {
    ...options,
    agent,
    room: { bytes: 0 },
    left: { calls: options.calls },
    refused: (found: Refusal | null): void => {
      refusal = found;
    },
  };
  const answer = answerer(serving, { token, underway });
  const server = http.createServer({ requestTimeout: headerMs }, answer);
  server.maxConnections = maxConnections;
  await listen(server, socket);
  return {
    socket,
    token,
    refusal: () => refusal,
    async close() {
      const ended = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await ended;
      // What a call cost is told before the task ends, or never.
      await Promise.all(underway);
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Desk {
  readonly token: string;
  /** What is being answered. */
  readonly underway: Set<Promise<void>>;
}

function answerer(
  serving: Serving & BridgeOptions,
  { token, underway }: Desk,
): http.RequestListener {
  const isAllowed = checker(token);
  const warn = fewWarnings(serving);
  const latest = new WeakMap<Socket, http.ServerResponse>();
  return (request, response) => {
    const { socket } = request;
    // What waits behind another answer would not see the end of its connection.
    if (latest.get(socket)?.writableEnded === false) return void socket.destroy();
    latest.set(socket, response);
    const [pathname = "", query = ""] = (request.url ?? "").split("?");
    const door = doorAt(pathname, query);
    const refuse = (failure: Failure): void => (door ?? openaiDoor).refuse(response, failure);
    if (!isAllowed(request)) {
      warn("a model was asked without the token of the task");
      return refuse({ status: 401, message: "this is not the token of this task" });
    }
    const isList = request.method === "GET" && pathname === "/v1/models";
    if (!isList && (request.method !== "POST" || door === null))
      return refuse({ status: 404, message: `con does not speak ${pathname.slice(0, 80)}` });
    const served = whileThere(socket, (gone) =>
      door === null
        ? listModels(serving, response, gone)
        : serveCall(serving, door, { request, response, gone }),
    ).catch((error: unknown) => {
      const why = reasonOf(error);
      warn("a model call of a program broke off", why);
      refuse({ status: 502, message: `the call broke off: ${why}` });
    });
    const one = served.finally(() => underway.delete(one));
    underway.add(one);
  };
}

/** The signal comes when the client has gone. */
async function whileThere(
  socket: Socket,
  act: (gone: AbortSignal) => Promise<void>,
): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  socket.once("close", leave);
  try {
    await act(gone.signal);
  } finally {
    socket.removeListener("close", leave);
  }
}

/** A program may bring about as many as it likes. */
const mostWarnings = 20;

function fewWarnings({ log, taskId: id }: BridgeOptions) {
  let said = 0;
  return (message: string, why: string | null = null): void => {
    said += 1;
    if (said <= mostWarnings) log.warn(message, { id, why });
  };
}

function listen(server: http.Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

/** One of the headers that clients show their key in. */
function checker(token: string): (request: http.IncomingMessage) => boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  const wanted = digest(token);
  return ({ headers }) => {
    const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
    const shown = [bearer, headers["x-api-key"], headers["x-goog-api-key"]].filter(
      (one) => typeof one === "string",
    );
    return shown.some((one) => timingSafeEqual(digest(one), wanted));
  };
}
