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
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reasonOf } from "../../system/errors.ts";
import type { Log } from "../../system/log.ts";
import { anthropicDoor } from "./anthropic.ts";
import { type Door, type Failure, openaiDoor } from "./doors.ts";
import { serveCall } from "./serve.ts";
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
};

export async function openBridge(options: BridgeOptions): Promise<Bridge> {
  const token = randomBytes(32).toString("hex");
  const directory = fs.mkdtempSync(join(tmpdir(), "con-models-"));
  const socket = join(directory, "socket");
  const agent = new http.Agent({ keepAlive: true, maxSockets: maxConnections });
  let refusal: Refusal | null = null;
  const serving = {
    ...options,
    agent,
    room: { bytes: 0 },
    left: { calls: options.calls },
    refused: (found: Refusal | null): void => {
      refusal = found;
    },
  };
  const isAllowed = checker(token);
  const warn = fewWarnings(options);
  const server = http.createServer({ requestTimeout: headerMs }, (request, response) => {
    const [pathname = ""] = (request.url ?? "").split("?");
    const door = Object.hasOwn(doors, pathname) ? doors[pathname] : undefined;
    const refuse = (failure: Failure): void => (door ?? openaiDoor).refuse(response, failure);
    if (!isAllowed(request)) {
      warn("a model was asked without the token of the task");
      return refuse({ status: 401, message: "this is not the token of this task" });
    }
    if (request.method === "GET" && pathname === "/v1/models")
      return void listModels(serving, response);
    if (request.method !== "POST" || door === undefined)
      return refuse({ status: 404, message: `con does not speak ${pathname.slice(0, 80)}` });
    serveCall(serving, door, request, response).catch((error: unknown) => {
      const why = reasonOf(error);
      warn("a model call of a program broke off", why);
      refuse({ status: 502, message: `the call broke off: ${why}` });
    });
  });
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
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
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

/** Either of the headers that clients show their key in. */
function checker(token: string): (request: http.IncomingMessage) => boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  const wanted = digest(token);
  return ({ headers }) => {
    const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
    const shown = [bearer, headers["x-api-key"]].filter((one) => typeof one === "string");
    return shown.some((one) => timingSafeEqual(digest(one), wanted));
  };
}
