/**
 * One MCP server: started or connected to when it is needed, and again when it has gone.
 *
 * Never: throws for what the server does; repeats a call that the server may have begun, unless the tool says that twice
 * is once; starts a server that fails again and again without growing pauses. What it asks of us (sampling,
 * elicitation, roots) is refused by the protocol's own "method not found": we say that we have none of it.
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  ErrorCode,
  McpError,
  ResultSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { reasonOf } from "../../system/errors.ts";
import { isBeforeIt, listed, noSchemas, openMs, reachedWhy, transportOf } from "./link.ts";
import type { Reach, ServerTool } from "./types.ts";

export interface ConnectionParts {
  readonly name: string;
  readonly reach: () => Reach;
  readonly timeoutMs: number;
  /** Milliseconds. */
  readonly now: () => number;
}

export type Called =
  | { readonly kind: "result"; readonly value: Readonly<Record<string, unknown>> }
  /** The server answered that it cannot be done. */
  | { readonly kind: "refused"; readonly why: string }
  /** Nothing was begun. */
  | { readonly kind: "away"; readonly why: string; readonly wasOpen?: true }
  /** It may have been done, or half. */
  | { readonly kind: "cut"; readonly why: string };

export type ToolsNow =
  | { readonly kind: "tools"; readonly tools: readonly ServerTool[] }
  | { readonly kind: "away"; readonly why: string };

export interface Connection {
  /** Asks the server unless nothing has changed since. */
  readonly tools: () => Promise<ToolsNow>;
  readonly isOpen: () => boolean;
  readonly call: (
    tool: Pick<ServerTool, "name" | "repeatable">,
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ) => Promise<Called>;
  readonly close: () => Promise<void>;
}

interface Line {
  readonly client: Client;
  readonly key: string;
  tools: readonly ServerTool[] | null;
  /** It said that they changed. */
  isStale: boolean;
  isOver: boolean;
  /** Why it ended. */
  why: string;
}

const firstPauseMs = 500;
const longestPauseMs = 60_000;

class Server implements Connection {
  readonly #parts: ConnectionParts;
  #line: Line | null = null;
  #opening: Promise<Line | string> | null = null;
  #trouble = "";
  #pauseMs = 0;
  #closedUntil = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  isOpen(): boolean {
    return this.#line !== null && !this.#line.isOver;
  }

  async tools(): Promise<ToolsNow> {
    const line = await this.#open();
    if (typeof line === "string") return { kind: "away", why: line };
    if (line.tools !== null && !line.isStale) return { kind: "tools", tools: line.tools };
    // What changes while it is asked makes it asked again.
    line.isStale = false;
    try {
      line.tools = await listed(line.client);
      return { kind: "tools", tools: line.tools };
    } catch (error) {
      line.isStale = true;
      if (!(error instanceof McpError)) this.#drop(line);
      return { kind: "away", why: this.#whyOf(line, error) };
    }
  }

  async call(
    tool: Pick<ServerTool, "name" | "repeatable">,
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<Called> {
    const first = await this.#callOnce(tool.name, args, signal);
    const again =
      first.kind === "cut"
        ? tool.repeatable && !this.isOpen()
        : first.kind === "away" && first.wasOpen;
    if (!again || signal.aborted) return first;
    // It died of this call, perhaps: once more, and no more.
    this.#closedUntil = 0;
    return this.#callOnce(tool.name, args, signal);
  }

  async #callOnce(
    name: string,
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<Called> {
    const line = await this.#open();
    if (typeof line === "string") return { kind: "away", why: line };
    if (signal.aborted) return { kind: "away", why: "the task was stopped" };
    try {
      const value = await line.client.request(
        { method: "tools/call", params: { name, arguments: args } },
        ResultSchema,
        { timeout: this.#parts.timeoutMs, signal },
      );
      return { kind: "result", value };
    } catch (error) {
      return this.#failed(line, error, signal);
    }
  }

  #failed(line: Line, error: unknown, signal: AbortSignal): Called {
    if (signal.aborted) return { kind: "cut", why: "the task was stopped" };
    if (line.isOver) return { kind: "cut", why: this.#whyOf(line, error) };
    const code = error instanceof McpError ? error.code : null;
    if (code === ErrorCode.RequestTimeout) {
      const why = `it gave no answer in ${this.#parts.timeoutMs / 1000} s`;
      return { kind: "cut", why };
    }
    if (code === null) {
      // A session that is not known any more, or nobody there: the next one makes a new one.
      this.#drop(line);
      const why = reachedWhy(error);
      return isBeforeIt(error) ? { kind: "away", why, wasOpen: true } : { kind: "cut", why };
    }
    return { kind: "refused", why: reasonOf(error) };
  }

  #drop(line: Line): void {
    line.isOver = true;
    void line.client.close();
  }

  #whyOf(line: Line, error: unknown): string {
    return line.isOver && line.why !== "" ? line.why : reasonOf(error);
  }

  async close(): Promise<void> {
    const opening = await this.#opening;
    const line = this.#line ?? (typeof opening === "object" ? opening : null);
    this.#line = null;
    await line?.client.close();
  }

  /** A line that holds, or why there is none. */
  async #open(): Promise<Line | string> {
    const reach = this.#parts.reach();
    if (reach.kind === "none") {
      await this.close();
      return reach.why;
    }
    const key = JSON.stringify(reach);
    if (this.#line !== null && !this.#line.isOver && this.#line.key === key) return this.#line;
    // Grants have changed: what it was started with is over.
    if (this.#line !== null && !this.#line.isOver) await this.close();
    if (this.#parts.now() < this.#closedUntil) return this.#trouble;
    this.#opening ??= this.#connect(reach, key).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #connect(reach: Exclude<Reach, { kind: "none" }>, key: string): Promise<Line | string> {
    const client = new Client({ name: "con", version: "1" }, { capabilities: {}, ...noSchemas });
    const line: Line = { client, key, tools: null, isStale: false, isOver: false, why: "" };
    client.onclose = () => {
      line.isOver = true;
    };
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      line.isStale = true;
    });
    let ended: Promise<string> | null = null;
    try {
      const made = transportOf(reach, (why) => {
        line.why = why;
      });
      ended = made.ended;
      void ended?.then((why) => {
        line.why ||= why;
      });
      await client.connect(made.transport, { timeout: openMs });
      this.#line = line;
      this.#pauseMs = 0;
      return line;
    } catch (error) {
      const isOver = line.isOver;
      await client.close();
      if (isOver && ended !== null) await ended;
      return this.#failedToOpen(isOver && line.why !== "" ? line.why : reachedWhy(error));
    }
  }

  #failedToOpen(why: string): string {
    this.#pauseMs = Math.min(Math.max(firstPauseMs, 2 * this.#pauseMs), longestPauseMs);
    this.#closedUntil = this.#parts.now() + this.#pauseMs;
    this.#trouble = why;
    return why;
  }
}

export const createConnection = (parts: ConnectionParts): Connection => new Server(parts);
