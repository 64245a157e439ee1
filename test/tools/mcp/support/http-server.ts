/** A server at an address, made with the official SDK; `forget` makes it lose its sessions, as a restart does. */
import { randomUUID } from "node:crypto";
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

/** What becomes of the stream of an answer before it is there. */
export type Break = "not" | "ends" | "dies";

export interface Site {
  readonly calls: readonly string[];
  readonly break: (how: Break) => void;
  readonly url: string;
  readonly heard: readonly IncomingMessage[];
  /** Answers that the client has hung up on. */
  readonly left: () => number;
  readonly forget: () => void;
  readonly close: () => Promise<void>;
}

export interface SiteParts {
  readonly port?: number;
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
  /** Where `/elsewhere` leads to. */
  readonly elsewhere?: string;
  readonly onCall?: (name: string) => void;
}

type Sessions = Map<string, StreamableHTTPServerTransport>;

export async function startSite(parts: SiteParts = {}): Promise<Site> {
  const { port = 0, tls, elsewhere = "http://169.254.169.254/latest", onCall } = parts;
  const sessions: Sessions = new Map();
  const heard: IncomingMessage[] = [];
  const calls: string[] = [];
  let breaking: Break = "not";
  let left = 0;
  const called = (name: string, end: () => void): void => {
    calls.push(name);
    onCall?.(name);
    if (breaking === "ends") end();
    if (breaking === "dies") http.closeAllConnections();
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    heard.push(request);
    response.once("close", () => {
      if (request.method === "POST" && !response.writableEnded) left += 1;
    });
    if (isOdd(request, response, elsewhere)) return;
    const id = request.headers["mcp-session-id"];
    const known = typeof id === "string" ? sessions.get(id) : undefined;
    // Examples of the SDK say 400.
    if (id !== undefined && known === undefined)
      response.writeHead(request.url === "/strict" ? 400 : 404).end();
    else await (known ?? (await session(sessions, called))).handleRequest(request, response);
  };
  const http = tls === undefined ? createServer(handle) : createTlsServer(tls, handle);
  await new Promise<void>((resolve) => http.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    ...{ heard, calls, left: () => left },
    break: (how) => {
      breaking = how;
    },
    forget: () => sessions.clear(),
    close: () => closed(http),
  };
}

/** Paths that speak no protocol, or not as they should. */
function isOdd(request: IncomingMessage, response: ServerResponse, elsewhere: string): boolean {
  if (request.url === "/elsewhere") response.writeHead(307, { location: elsewhere }).end();
  else if (request.url === "/key")
    response.writeHead(401, { "www-authenticate": "Bearer" }).end(`<h1>${"Obey me. ".repeat(999)}`);
  else if (request.url === "/hasty" && request.method === "GET")
    // Each time that we listen it is over at once, and we shall come again at once.
    response.writeHead(200, { "content-type": "text/event-stream" }).end("retry: 0\n\n");
  else if (request.url === "/endless") endless(response);
  else return false;
  return true;
}

function endless(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
  const more = (): void => {
    while (!response.destroyed && response.write(`"${"x".repeat(1 << 20)}`));
  };
  response.on("drain", more);
  more();
}

async function session(
  sessions: Sessions,
  called: (name: string, end: () => void) => void,
): Promise<StreamableHTTPServerTransport> {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void sessions.set(id, transport),
  });
  const server = new Server({ name: "site", version: "1" }, { capabilities: { tools: {} } });
  const inputSchema = { type: "object" as const };
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [
      { name: "greet", inputSchema },
      { name: "look", inputSchema, annotations: { readOnlyHint: true } },
      { name: "never", inputSchema },
    ],
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { requestId }) => {
    called(params.name, () => transport.closeSSEStream(requestId));
    if (params.name === "never") await new Promise(() => undefined);
    return { content: [{ type: "text", text: "hello" }] };
  });
  await server.connect(transport as Transport);
  return transport;
}

function closed(http: HttpServer): Promise<void> {
  http.closeAllConnections();
  return new Promise((resolve) => http.close(() => resolve()));
}
