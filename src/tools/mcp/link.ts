/** The parts of a connection to an MCP server that keep nothing: its transport, its list of tools, its errors. */
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ResultSchema } from "@modelcontextprotocol/sdk/types.js";
import type { JsonSchemaValidator } from "@modelcontextprotocol/sdk/validation";
import { openSession } from "../../sandbox/session.ts";
import { errnoOf } from "../../system/disk.ts";
import { reasonOf } from "../../system/errors.ts";
import { httpTransport } from "./http.ts";
import { isMap, toolsIn } from "./read.ts";
import { sessionTransport } from "./stdio.ts";
import type { Reach, ServerTool } from "./types.ts";

/** For the greeting, and for each page of the list: the index of tools waits 15 s at most. */
export const openMs = 10_000;
const mostPages = 20;
const mostTools = 1000;

const unreached = ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"];

/** The server has not begun what it was asked. */
export const isBeforeIt = (error: unknown): boolean =>
  (error instanceof StreamableHTTPError && error.code === 404) ||
  unreached.includes(errnoOf(causeOf(error)) ?? "");

const causeOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? error.cause : error;

/** `fetch failed` says nothing without its cause. */
export function reachedWhy(error: unknown): string {
  const cause = causeOf(error);
  return cause === error ? reasonOf(error) : `${reasonOf(error)}: ${reasonOf(cause)}`;
}

/** Schemas of strangers are never compiled here. */
export const noSchemas = {
  jsonSchemaValidator: {
    getValidator:
      <T>(): JsonSchemaValidator<T> =>
      (input) => ({ valid: true, data: input as T, errorMessage: undefined }),
  },
};

export function transportOf(
  reach: Exclude<Reach, { kind: "none" }>,
  cut: (why: string) => void,
): { readonly transport: Transport; readonly ended: Promise<string> | null } {
  if (reach.kind === "address")
    return { transport: httpTransport(reach.url, reach.headers), ended: null };
  const { argv, environment, options, seconds } = reach;
  const session = openSession(options, { argv, environment, seconds });
  return { transport: sessionTransport(session, cut), ended: session.over };
}

export async function listed(client: Client): Promise<ServerTool[]> {
  const found: unknown[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < mostPages && found.length < mostTools; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const answer = await client.request({ method: "tools/list", params }, ResultSchema, {
      timeout: openMs,
    });
    const { tools, nextCursor } = answer;
    if (Array.isArray(tools)) found.push(...tools.filter(isMap));
    if (typeof nextCursor !== "string") break;
    cursor = nextCursor;
  }
  return toolsIn(found.slice(0, mostTools));
}
