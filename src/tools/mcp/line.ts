/**
 * One connection to an MCP server, from the greeting to its end; it is not opened again.
 *
 * Never: throws but for a request; compiles a schema of a stranger; waits longer than `openMs` for a greeting or for a
 * whole list. What the server asks of us (sampling, elicitation, roots) is refused by the protocol's own "method not
 * found": we say that we have none of it.
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  McpError,
  ResultSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { JsonSchemaValidator } from "@modelcontextprotocol/sdk/validation";
import { createShelf } from "./read.ts";
import { asResult, requestFor, withResources } from "./resources.ts";
import type { ServerTool, Why } from "./types.ts";
import { Bound, plainWhy, whyOf } from "./why.ts";
import { type Reached, startWire, type Wire } from "./wire.ts";

/** The index of tools waits 15 s at most. */
const openMs = 10_000;
const mostPages = 20;

type Value = Readonly<Record<string, unknown>>;

export interface Line {
  readonly isOver: () => boolean;
  /** Asks unless nothing has changed since. */
  readonly tools: () => Promise<readonly ServerTool[] | Why>;
  /** Throws; `whyOf` knows why. */
  readonly call: (
    tool: Pick<ServerTool, "name" | "method">,
    args: Value,
    options: { readonly timeout: number; readonly signal: AbortSignal },
  ) => Promise<Value>;
  readonly whyOf: (error: unknown) => Why;
  /** Tells the server that we go, if it wants to know. */
  readonly bye: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface Opening {
  readonly line: Promise<Line | Why>;
  /** Also before it is open. */
  readonly close: () => Promise<void>;
}

export const isLine = (found: Line | Why): found is Line => "call" in found;

/** Schemas of strangers are never compiled here. */
const noSchemas = {
  jsonSchemaValidator: {
    getValidator:
      <T>(): JsonSchemaValidator<T> =>
      (input) => ({ valid: true, data: input as T, errorMessage: undefined }),
  },
};

export function openLine(reach: Reached, now: () => number): Opening {
  const wire = startWire(reach, now);
  if ("why" in wire) return { line: Promise.resolve(wire), close: () => Promise.resolve() };
  const client = new Client({ name: "con", version: "1" }, { capabilities: {}, ...noSchemas });
  const line = new Opened(client, wire, now);
  return { line: line.greet(), close: () => line.close() };
}

class Opened implements Line {
  readonly #client: Client;
  readonly #wire: Wire;
  readonly #now: () => number;
  #tools: readonly ServerTool[] | null = null;
  /** It said that they changed. */
  #isStale = false;
  #isOver = false;
  #ended: Why | null = null;

  constructor(client: Client, wire: Wire, now: () => number) {
    [this.#client, this.#wire, this.#now] = [client, wire, now];
    client.onclose = () => {
      this.#isOver = true;
    };
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      this.#isStale = true;
    });
    void wire.ended?.then((why) => {
      this.#ended = why;
    });
  }

  async greet(): Promise<Line | Why> {
    try {
      await this.#client.connect(this.#wire.transport, { timeout: openMs });
      return this;
    } catch (error) {
      const wasOver = this.#isOver;
      await this.close();
      return wasOver ? this.whyOf(error) : whyOf(error);
    }
  }

  isOver(): boolean {
    return this.#isOver;
  }

  async tools(): Promise<readonly ServerTool[] | Why> {
    if (this.#tools !== null && !this.#isStale) return this.#tools;
    // What changes while it is asked makes it asked again.
    this.#isStale = false;
    try {
      this.#tools = await this.#listed();
      return this.#tools;
    } catch (error) {
      this.#isStale = true;
      await this.#untilEnded();
      const why = this.whyOf(error);
      if (!(error instanceof McpError || error instanceof Bound)) void this.close();
      return why;
    }
  }

  async #listed(): Promise<ServerTool[]> {
    const shelf = createShelf();
    const end = this.#now() + openMs;
    let cursor: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const left = end - this.#now();
      if (left <= 0) throw new Bound(`it did not say all its tools in ${openMs / 1000} s`);
      const params = cursor === undefined ? {} : { cursor };
      const { tools, nextCursor } = await this.#client.request(
        { method: "tools/list", params },
        ResultSchema,
        { timeout: left },
      );
      if (!shelf.add(tools) || typeof nextCursor !== "string") break;
      cursor = nextCursor;
    }
    const hasResources = this.#client.getServerCapabilities()?.resources !== undefined;
    return hasResources ? withResources(shelf.tools()) : shelf.tools();
  }

  async call(
    tool: Pick<ServerTool, "name" | "method">,
    args: Value,
    options: { readonly timeout: number; readonly signal: AbortSignal },
  ): Promise<Value> {
    try {
      const request = requestFor(tool, args);
      return asResult(tool, await this.#client.request(request, ResultSchema, options));
    } catch (error) {
      await this.#untilEnded();
      throw error;
    }
  }

  /** How a program ended is known when all of it has. */
  async #untilEnded(): Promise<void> {
    if (this.#isOver) await this.#wire.ended;
  }

  whyOf(error: unknown): Why {
    if (!this.#isOver) return whyOf(error);
    return this.#ended ?? (error instanceof McpError ? plainWhy("it was closed") : whyOf(error));
  }

  bye(): Promise<void> {
    return this.#isOver ? Promise.resolve() : this.#wire.bye();
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#client.close();
    await this.#wire.transport.close();
    await this.#wire.ended;
  }
}
