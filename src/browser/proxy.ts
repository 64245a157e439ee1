/**
 * The only network of Chromium: a proxy on a Unix socket that refuses what `dial.ts` refuses, and counts.
 *
 * Of plain http it passes on single requests, of everything else tunnels (CONNECT). Never: connects anywhere but
 * through `dial`; lets a site speak in the name of the proxy; brings in more than the meter allows.
 */
import http from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Dial, NoWay } from "./dial.ts";
import type { Meter } from "./meter.ts";
import { targetOf, targetOfAuthority, webUrl } from "./target.ts";

/** On answers of the proxy itself; of sites it is taken away. */
export const refusalHeader = "x-con-refused";

export interface ProxyDeps {
  readonly dial: Dial;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

export interface Proxy {
  readonly server: http.Server;
  /** Why connections were refused or failed, by host and port, the first of each. */
  readonly refusals: () => ReadonlyMap<string, string>;
  readonly close: () => void;
}

/** A page that opens connections without end gets no more. */
const maxConnections = 64;
const maxRefusals = 200;
/** Lower ones are nobody's, and Node throws for them. */
const firstStatus = 100;

export function createProxy(deps: ProxyDeps): Proxy {
  const refusals = new Map<string, string>();
  const open = new Set<Duplex>();
  const keep = (socket: Duplex): void => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => open.delete(socket));
  };
  const tell = (where: string, error: unknown): string => {
    if (!(error instanceof NoWay)) throw error;
    if (refusals.size < maxRefusals && !refusals.has(where)) refusals.set(where, error.message);
    return error.message;
  };
  const server = http.createServer({ maxHeaderSize: 64 * 1024 });
  server.maxConnections = maxConnections;
  server.on("connection", keep);
  server.on("request", (request, response) => void passOn(deps, request, response, keep, tell));
  server.on(
    "connect",
    (request, socket, head) => void tunnel(deps, { request, socket, head }, keep, tell),
  );
  // Of HTTP's upgrades none is passed on: WebSockets come as tunnels.
  server.on("upgrade", (_, socket) => socket.destroy());
  return {
    server,
    refusals: () => refusals,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

type Keep = (socket: Duplex) => void;
type Tell = (where: string, error: unknown) => string;

const hopByHop = [
  ...[
    "connection",
    "proxy-connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
  ],
  ...["proxy-authorization", "proxy-authenticate"],
];

function endToEnd(headers: http.IncomingHttpHeaders): http.OutgoingHttpHeaders {
  const { [refusalHeader]: _, ...rest } = headers;
  for (const name of hopByHop) delete rest[name];
  return rest;
}

async function passOn(
  { dial, meter, signal }: ProxyDeps,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  keep: Keep,
  tell: Tell,
): Promise<void> {
  const found = webUrl(request.url ?? "");
  if (!found.ok || found.value.protocol !== "http:")
    return refuse(response, 400, "this proxy passes on absolute http URLs only");
  const url = found.value;
  const target = targetOf(url);
  let socket: Socket;
  try {
    socket = await dial(target, signal);
  } catch (error) {
    return refuse(response, 403, tell(`${target.host}:${target.port}`, error));
  }
  keep(socket);
  response.once("close", () => socket.destroy());
  const path = `${url.pathname}${url.search}`;
  const headers = { ...endToEnd(request.headers), host: url.host, connection: "close" };
  const { method = "GET" } = request;
  const upstream = http.request({ createConnection: () => socket, method, path, headers });
  upstream.once("error", () => refuse(response, 502, `${url.host}: the connection broke`));
  upstream.once("response", (answer) => {
    answer.on("data", (part: Buffer) => {
      if (!meter.take(part.length)) socket.destroy();
    });
    answer.once("error", () => response.destroy());
    const { statusCode = 0 } = answer;
    if (statusCode < firstStatus) {
      socket.destroy();
      return refuse(response, 502, `${url.host}: its status is none`);
    }
    response.writeHead(statusCode, endToEnd(answer.headers));
    answer.pipe(response);
  });
  request.pipe(upstream);
}

function refuse(response: http.ServerResponse, status: number, why: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, {
    [refusalHeader]: encodeURIComponent(why.slice(0, 500).toWellFormed()),
    "content-type": "text/plain; charset=utf-8",
  });
  response.end(why);
}

async function tunnel(
  { dial, meter, signal }: ProxyDeps,
  {
    request,
    socket,
    head,
  }: { readonly request: http.IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
  keep: Keep,
  tell: Tell,
): Promise<void> {
  const target = targetOfAuthority(request.url ?? "");
  if (target === null) {
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    return;
  }
  let far: Socket;
  try {
    far = await dial(target, signal);
  } catch (error) {
    tell(`${target.host}:${target.port}`, error);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    return;
  }
  keep(far);
  socket.once("close", () => far.destroy());
  far.once("close", () => socket.destroy());
  far.on("data", (part: Buffer) => {
    if (!meter.take(part.length)) far.destroy();
  });
  socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  far.write(head);
  socket.pipe(far);
  far.pipe(socket);
}
