/**
 * A server at an address as a transport. Where it may connect to is decided by the kernel, by uid; a redirect to another
 * origin is not followed. Never: takes more than `mostBytes` of one answer; listens anew as often as the server
 * likes; waits for an answer whose stream has ended, or reads one that nobody waits for; speaks OAuth.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CancelledNotificationSchema,
  type JSONRPCMessage,
  JSONRPCRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { watched } from "./watched.ts";
import { lost } from "./why.ts";

/** For a goodbye. */
const byeMs = 3_000;
const pauses = { first: 1_000, longest: 10_000 };

export interface Http {
  readonly transport: Transport;
  /** Tells the server that its session is over, if it wants to know. */
  readonly bye: () => Promise<void>;
}

export function httpTransport(
  url: string,
  headers: Readonly<Record<string, string>>,
  now: () => number,
): Http {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { ...headers } },
    redirectPolicy: "same-origin",
    reconnectionOptions: {
      initialReconnectionDelay: pauses.first,
      maxReconnectionDelay: pauses.longest,
      reconnectionDelayGrowFactor: 2,
      maxRetries: 2,
    },
    fetch: createFetch(now, (message) => transport.onmessage?.(message)),
  });
  return {
    // Its `sessionId` is a getter without a value at first, which exact optional properties do not allow.
    transport: transport as Transport,
    async bye() {
      const ended = transport.terminateSession().catch(() => undefined);
      await Promise.race([ended, sleep(byeMs, undefined, { ref: false })]);
    },
  };
}

type Fetch = (to: string | URL, init?: RequestInit) => Promise<Response>;

function createFetch(now: () => number, say: (message: JSONRPCMessage) => void): Fetch {
  const paced = createPace(now);
  const asked = new Map<string | number, AbortController>();
  return async (to, init = {}) => {
    if (init.method === "GET") await paced(init.signal ?? undefined);
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : null;
    const cancelled = CancelledNotificationSchema.safeParse(body).data?.params.requestId;
    if (cancelled !== undefined) asked.get(cancelled)?.abort();
    const id = JSONRPCRequestSchema.safeParse(body).data?.id;
    if (id === undefined) return watched(await fetch(to, init), () => undefined);
    const stop = new AbortController();
    asked.set(id, stop);
    const signals = [stop.signal, ...(init.signal ? [init.signal] : [])];
    try {
      const response = await fetch(to, { ...init, signal: AbortSignal.any(signals) });
      return watched(response, (mayGoOn) => {
        asked.delete(id);
        // What has arrived is handled in microtasks, so before this; a second answer is passed over.
        if (!mayGoOn) setImmediate(() => say(brokenOff(id)));
      });
    } catch (error) {
      asked.delete(id);
      throw error;
    }
  };
}

const brokenOff = (id: string | number): JSONRPCMessage => ({
  ...{ jsonrpc: "2.0", id },
  error: { code: -32_000, message: "broken off", data: lost },
});

/** A server says by itself how soon it wants to be listened to again: at once, for ever. */
function createPace(now: () => number): (signal: AbortSignal | undefined) => Promise<void> {
  let [next, pause] = [0, pauses.first];
  return async (signal) => {
    const wait = next - now();
    next = Math.max(next, now()) + pause;
    pause = Math.min(2 * pause, pauses.longest);
    if (wait > 0) await sleep(wait, undefined, signal === undefined ? {} : { signal });
  };
}
