/** A server at an address, made with the official SDK; `forget` makes it lose its sessions, as a restart does. */
import { randomUUID } from "node:crypto";
import { createServer, type Server as HttpServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

export interface Site {
  readonly url: string;
  readonly heard: readonly IncomingMessage[];
  readonly forget: () => void;
  readonly close: () => Promise<void>;
}

export async function startSite(): Promise<Site> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const heard: IncomingMessage[] = [];
  const http = createServer(async (request, response) => {
    heard.push(request);
    if (request.url === "/elsewhere") {
      response.writeHead(307, { location: "http://169.254.169.254/latest" }).end();
      return;
    }
    if (request.url === "/endless") {
      response.writeHead(200, { "content-type": "application/json" });
      const more = (): void => {
        while (!response.destroyed && response.write(`"${"x".repeat(1 << 20)}`));
      };
      response.on("drain", more);
      more();
      return;
    }
    const id = request.headers["mcp-session-id"];
    const known = typeof id === "string" ? sessions.get(id) : undefined;
    if (id !== undefined && known === undefined) {
      response.writeHead(404).end();
      return;
    }
    await (known ?? (await session(sessions))).handleRequest(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    heard,
    forget: () => sessions.clear(),
    close: () => closed(http),
  };
}

async function session(
  sessions: Map<string, StreamableHTTPServerTransport>,
): Promise<StreamableHTTPServerTransport> {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void sessions.set(id, transport),
  });
  const server = new Server({ name: "site", version: "1" }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [{ name: "greet", inputSchema: { type: "object" as const } }],
  }));
  server.setRequestHandler(CallToolRequestSchema, () => ({
    content: [{ type: "text", text: "hello" }],
  }));
  await server.connect(transport as Transport);
  return transport;
}

function closed(http: HttpServer): Promise<void> {
  http.closeAllConnections();
  return new Promise((resolve) => http.close(() => resolve()));
}
