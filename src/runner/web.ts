/**
 * The browser of this machine as its callers see it: one connection for each request (browser/wire.ts).
 *
 * Never throws: what the browser, the network or a full waiting room do becomes an answer that says so. Never: takes
 * more than was asked for. Retries only what was not begun.
 */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createDecoder,
  type Frame,
  jsonOf,
  type WebAnswer,
  type WebRequest,
} from "../browser/wire.ts";
import { errnoOf } from "../system/disk.ts";
import type { AskWeb, Fetched } from "../tools/desks.ts";

const browserSocket = "/run/con/browser/socket";

export interface WebPlaces {
  readonly socket?: string;
  /** Milliseconds between two knocks at a full house. */
  readonly knockMs?: number;
}

/** All places of the browser may be taken, by others or by calls of the same turn. */
const knocks = 60;
/** The browser ends on its own before. */
const timeoutMs = 420_000;
const maxText = 16 * 1024 * 1024;

export const createAskWeb =
  ({ socket = browserSocket, knockMs = 500 }: WebPlaces = {}): AskWeb =>
  async (request, signal) => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    for (let knock = 0; knock < knocks; knock++) {
      const fetched = await ask(socket, request, within);
      if (fetched !== "full") return fetched;
      try {
        await sleep(knockMs, undefined, { signal: within });
      } catch (error) {
        if (!within.aborted) throw error;
        return failed("the task was stopped");
      }
    }
    return failed("all places of the browser are taken: try again later");
  };

const nothing = (code: "denied" | "failed", why: string): Fetched => ({
  answer: { kind: "none", code, why },
  markdown: "",
  file: Buffer.alloc(0),
  screenshot: null,
});
const failed = (why: string): Fetched => nothing("failed", why);

/** `full`: it ended without a word. */
function ask(path: string, request: WebRequest, signal: AbortSignal): Promise<Fetched | "full"> {
  return new Promise((resolve) => {
    const take = collect(request);
    const decode = createDecoder();
    const socket = connect(path);
    let trouble: string | null = null;
    let isGranted = true;
    const cut = (why: string): void => {
      trouble ??= why;
      socket.destroy();
    };
    const stop = (): void => cut("it was stopped, or took too long");
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    socket.on("error", (error) => {
      const errno = errnoOf(error);
      if (errno === "EACCES") isGranted = false;
      // One that is full closes while we still write.
      if (errno !== "EPIPE" && errno !== "ECONNRESET") cut(`no browser answers here (${errno})`);
    });
    socket.on("data", (chunk: Buffer) => {
      try {
        const why = decode(chunk)
          .map(take.frame)
          .find((one) => one !== null);
        if (why !== undefined) cut(why);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        cut("the browser says what nobody understands");
      }
    });
    socket.once("close", () => {
      signal.removeEventListener("abort", stop);
      if (!isGranted) return resolve(nothing("denied", "the manifest grants no tool of the web"));
      if (trouble !== null) return resolve(failed(trouble));
      resolve(take.end());
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}

function collect(request: WebRequest) {
  const parts: Record<"B" | "M" | "S", Buffer[]> = { B: [], M: [], S: [] };
  const sizes = { B: 0, M: 0, S: 0 };
  const most = { B: request.verb === "fetch" ? request.maxBytes : 0, M: maxText, S: maxText };
  let begun = false;
  let answer: WebAnswer | null = null;
  return {
    /** Why to go no further, or null. */
    frame({ kind, bytes }: Frame): string | null {
      begun = true;
      if (kind === "R") answer = jsonOf(bytes.toString("utf8")) as WebAnswer | null;
      if (kind === "R" || kind === "+") return null;
      sizes[kind] += bytes.length;
      if (sizes[kind] > most[kind]) return "the browser says more than it was asked for";
      parts[kind].push(bytes);
      return null;
    },
    end(): Fetched | "full" {
      if (!begun) return "full";
      if (answer === null) return failed("the browser ended without an answer");
      return {
        answer,
        markdown: Buffer.concat(parts.M).toString("utf8"),
        file: Buffer.concat(parts.B),
        screenshot: parts.S.length === 0 ? null : Buffer.concat(parts.S),
      };
    },
  };
}
