/**
 * One MCP server: started or connected to when it is needed, and again when it has gone.
 *
 * Never: throws for what the server does; repeats a call that the server may have begun, unless the tool says that twice
 * is once; starts a server that fails again and again without growing pauses.
 */
import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import { isLine, type Line, type Opening, openLine } from "./line.ts";
import type { Called, Reach, ServerTool, Why } from "./types.ts";
import { isBeforeIt, isLost, isMendable, plainWhy } from "./why.ts";

export interface ConnectionParts {
  readonly name: string;
  readonly reach: () => Reach;
  readonly timeoutMs: number;
  /** Milliseconds. */
  readonly now: () => number;
}

type Callee = Pick<ServerTool, "name" | "repeatable" | "method">;
type Arguments = Readonly<Record<string, unknown>>;

export interface Connection {
  /** Asks the server unless nothing has changed since. */
  readonly tools: (signal?: AbortSignal) => Promise<readonly ServerTool[] | Why>;
  readonly isOpen: () => boolean;
  readonly call: (tool: Callee, args: Arguments, signal: AbortSignal) => Promise<Called>;
  readonly close: () => Promise<void>;
}

interface Held extends Opening {
  readonly key: string;
  /** What came of it. */
  found: Line | Why | null;
}

const stopped = plainWhy("the task was stopped");
const firstPauseMs = 500;
const longestPauseMs = 60_000;

class Server implements Connection {
  readonly #parts: ConnectionParts;
  #held: Held | null = null;
  #trouble = plainWhy("");
  #pauseMs = 0;
  #closedUntil = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  isOpen(): boolean {
    const found = this.#held?.found ?? null;
    return found !== null && isLine(found) && !found.isOver();
  }

  async tools(signal?: AbortSignal): Promise<readonly ServerTool[] | Why> {
    const line = await orStopped(this.#open(), signal);
    return isLine(line) ? orStopped(line.tools(), signal) : line;
  }

  async call(tool: Callee, args: Arguments, signal: AbortSignal): Promise<Called> {
    const first = await this.#callOnce(tool, args, signal);
    const again =
      first.kind === "cut"
        ? tool.repeatable && !this.isOpen()
        : first.kind === "away" && first.wasOpen;
    if (!again || signal.aborted) return first;
    // It died of this call, perhaps: once more, and no more.
    this.#closedUntil = 0;
    return this.#callOnce(tool, args, signal);
  }

  async #callOnce(tool: Callee, args: Arguments, signal: AbortSignal): Promise<Called> {
    const line = await orStopped(this.#open(), signal);
    if (!isLine(line)) return { kind: "away", ...line };
    const timeout = this.#parts.timeoutMs;
    try {
      const value = await line.call(tool, args, { timeout, signal });
      return { kind: "result", value };
    } catch (error) {
      return this.#failed(line, error, signal);
    }
  }

  #failed(line: Line, error: unknown, signal: AbortSignal): Called {
    if (signal.aborted) return { kind: "cut", ...stopped };
    const why = line.whyOf(error);
    if (line.isOver()) return { kind: "cut", ...why };
    if (error instanceof McpError && !isLost(error)) {
      if (error.code !== ErrorCode.RequestTimeout) return { kind: "refused", ...why };
      return { kind: "cut", ...plainWhy(`it gave no answer in ${this.#parts.timeoutMs / 1000} s`) };
    }
    // A session that is not known any more, or nobody there: the next one makes a new one.
    void line.close();
    if (!isBeforeIt(error)) return { kind: "cut", ...why };
    return { kind: "away", ...why, ...(isMendable(error) ? { wasOpen: true as const } : {}) };
  }

  async close(): Promise<void> {
    const reach = this.#parts.reach();
    const found = this.#held?.key === JSON.stringify(reach) ? this.#held.found : null;
    if (found !== null && isLine(found)) await found.bye();
    await this.#leave();
  }

  async #leave(): Promise<void> {
    const held = this.#held;
    this.#held = null;
    await held?.close();
  }

  /** A line that holds, or why there is none. */
  async #open(): Promise<Line | Why> {
    const reach = this.#parts.reach();
    if (reach.kind === "none") {
      await this.#leave();
      return plainWhy(reach.why);
    }
    const key = JSON.stringify(reach);
    const held = this.#held;
    if (held !== null) {
      const found = held.key === key ? await held.line : null;
      if (found !== null && !(isLine(found) && found.isOver())) return found;
      // It is over, or grants have changed, and what it was started with is over.
      if (this.#held === held) await this.#leave();
      return this.#open();
    }
    if (this.#parts.now() < this.#closedUntil) return this.#trouble;
    return this.#start(reach, key);
  }

  async #start(reach: Exclude<Reach, { kind: "none" }>, key: string): Promise<Line | Why> {
    const held: Held = { ...openLine(reach, this.#parts.now), key, found: null };
    this.#held = held;
    const found = await held.line;
    held.found = found;
    if (isLine(found)) this.#pauseMs = 0;
    else if (this.#held === held) {
      this.#held = null;
      this.#pauseMs = Math.min(Math.max(firstPauseMs, 2 * this.#pauseMs), longestPauseMs);
      this.#closedUntil = this.#parts.now() + this.#pauseMs;
      this.#trouble = found;
    }
    return found;
  }
}

/** Nothing of a greeting or a list is worth a stopped task's time; both go on for the next one. */
async function orStopped<T>(found: Promise<T>, signal?: AbortSignal): Promise<T | Why> {
  if (signal === undefined) return found;
  if (signal.aborted) return stopped;
  let stop = (): void => undefined;
  const over = new Promise<Why>((resolve) => {
    stop = () => resolve(stopped);
  });
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([found, over]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

export const createConnection = (parts: ConnectionParts): Connection => new Server(parts);
