/**
 * One request of one agent, from its socket to the last frame. systemd starts an instance for each connection
 * (con-browser.socket, Accept=yes) and kills what an instance leaves.
 *
 * Who asks says the kernel. Never: believes a name in a request; lets one request see what another left; answers more
 * than one. After a crash the caller sees the end of the connection without an answer.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { holdOf, readHolds } from "../config/holds.ts";
import type { BrowserRuntime } from "../config/runtime.ts";
import type { Log } from "../system/log.ts";
import type { ReadPeer } from "../system/peercred.ts";
import { systemDial } from "./dial.ts";
import { fetchPage } from "./fetch.ts";
import type { Send } from "./file.ts";
import { type JailDeps, proxySocketName, runJailed } from "./jail.ts";
import { createMeter } from "./meter.ts";
import { chromiumPath, userAgentOf } from "./page/chromium.ts";
import { callerOf, refusalOf } from "./permission.ts";
import { createProxy } from "./proxy.ts";
import { engineTarget, search } from "./search.ts";
import { exceptionsOf } from "./target.ts";
import {
  answerFrame,
  encodeFrame,
  framesOf,
  maxRequestBytes,
  none,
  parseRequest,
  type WebAnswer,
  type WebRequest,
} from "./wire.ts";

export interface ServeDeps {
  readonly runtime: BrowserRuntime;
  readonly readPeer: ReadPeer;
  readonly readKey: (credential: string) => string | null;
  readonly self: JailDeps["self"];
  /** A directory of this request's own. */
  readonly scratch: string;
  readonly log: Log;
  readonly now: () => number;
}

/** Of all that the browser loads for one page. */
const maxPageBytes = 64 * 1024 * 1024;
const requestMs = 10_000;

export async function serve(deps: ServeDeps, socket: Socket): Promise<void> {
  const gone = new AbortController();
  socket.on("error", () => socket.destroy());
  socket.once("close", () => gone.abort(new Error("the caller has gone")));
  const send = sender(socket);
  const { uid } = deps.readPeer(socket);
  await send("+", Buffer.alloc(0));
  const line = await readLine(socket);
  const request = line === null ? null : parseRequest(line);
  const answer =
    request === null
      ? none("failed", "the request is none")
      : await answerTo(deps, uid, request, { signal: gone.signal, send });
  if (!socket.destroyed) await new Promise<void>((done) => socket.end(answerFrame(answer), done));
}

/** Waits where the caller reads slowly; what goes to one that has gone is thrown away. */
function sender(socket: Socket): Send {
  return async (kind, bytes) => {
    const frames = bytes.length === 0 ? [encodeFrame(kind, bytes)] : framesOf(kind, bytes);
    for (const frame of frames) {
      if (socket.destroyed) return;
      if (!socket.write(frame))
        await new Promise<void>((done) => {
          socket.once("drain", done);
          socket.once("close", () => done());
        });
    }
  };
}

function readLine(socket: Socket): Promise<string | null> {
  return new Promise((resolve) => {
    let text = Buffer.alloc(0);
    const end = (line: string | null): void => {
      clearTimeout(timer);
      socket.removeListener("data", take);
      resolve(line);
    };
    const timer = setTimeout(() => end(null), requestMs);
    const take = (chunk: Buffer): void => {
      text = Buffer.concat([text, chunk]);
      const at = text.indexOf(0x0a);
      if (at >= 0) end(text.subarray(0, at).toString("utf8"));
      else if (text.length > maxRequestBytes) end(null);
    };
    socket.on("data", take);
    socket.once("end", () => end(null));
    socket.once("close", () => end(null));
  });
}

interface Way {
  readonly signal: AbortSignal;
  readonly send: Send;
}

async function answerTo(
  deps: ServeDeps,
  uid: number,
  request: WebRequest,
  way: Way,
): Promise<WebAnswer> {
  const { runtime, log } = deps;
  const tool = request.verb === "search" ? "search_web" : "fetch_webpage";
  const refusal = refusalOf(runtime, uid, tool);
  if (refusal !== null) {
    log.warn("refused", { uid, tool });
    return none("denied", refusal);
  }
  const caller = callerOf(runtime, uid);
  const hold = caller === null ? null : holdOf(readHolds(), caller);
  if (hold !== null) return none("failed", `${caller?.name} is ${hold.kind}: nothing is fetched`);
  if (runtime.closed !== null) return none("failed", `the web is closed: ${runtime.closed}`);
  return request.verb === "search"
    ? searchFor(deps, request, way.signal)
    : fetchFor(deps, request, way);
}

const userAgent = userAgentOf("140");

function searchFor(
  { runtime, readKey }: ServeDeps,
  request: Extract<WebRequest, { verb: "search" }>,
  signal: AbortSignal,
): Promise<WebAnswer> {
  const getOf = (engine: BrowserRuntime["search"][number]) => {
    const own = exceptionsOf([engineTarget(engine)].flatMap((one) => one ?? []));
    return { dial: systemDial(own), userAgent };
  };
  return search({ engines: runtime.search, getOf, readKey }, request, signal);
}

async function fetchFor(
  { runtime, self, scratch, now }: ServeDeps,
  request: Extract<WebRequest, { verb: "fetch" }>,
  { signal, send }: Way,
): Promise<WebAnswer> {
  const dial = systemDial(exceptionsOf(runtime.allow));
  const sockets = mkdtempSync(join(scratch, "con-web-"));
  const proxy = createProxy({ dial, meter: createMeter(maxPageBytes), signal });
  await new Promise<void>((done, fail) => {
    proxy.server.once("error", fail);
    proxy.server.listen(join(sockets, proxySocketName), done);
  });
  try {
    return await fetchPage(
      {
        get: { dial, userAgent },
        page: (job, bytes, timeoutMs) =>
          runJailed(
            { self, sockets: job.job === "render" ? sockets : null, signal, timeoutMs },
            job,
            bytes,
          ),
        refusals: proxy.refusals,
        hasBrowser: existsSync(chromiumPath),
        send,
        now,
      },
      request,
      signal,
    );
  } finally {
    proxy.close();
    rmSync(sockets, { recursive: true, force: true });
  }
}
