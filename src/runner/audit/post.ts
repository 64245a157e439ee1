/**
 * One batch of events to the gateway's socket. Never: throws or rejects; waits longer than `timeoutMs`. A
 * kept connection that the gateway closed meanwhile is replaced once.
 */
import http from "node:http";

export type Posted =
  /** `refused`: why some of them are not in the trail and never will be. */
  | { readonly kind: "accepted"; readonly refused: readonly string[] }
  /** The whole batch can never be accepted. */
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "away"; readonly why: string };

export type PostEvents = (events: readonly string[]) => Promise<Posted>;

const maxAnswer = 256 << 10;

/** `events` are JSON texts. */
export function createPost(socketPath: string, timeoutMs = 2_000): PostEvents {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1, agentKeepAliveTimeoutBuffer: 0 });
  return async (events) => {
    const body = `{"events":[${events.join(",")}]}`;
    const first = await once({ socketPath, agent }, body, timeoutMs);
    return first === "stale" ? isAway(await once({ socketPath, agent }, body, timeoutMs)) : first;
  };
}

const isAway = (posted: Posted | "stale"): Posted =>
  posted === "stale" ? { kind: "away", why: "the connection was closed" } : posted;

function once(
  line: { readonly socketPath: string; readonly agent: http.Agent },
  body: string,
  timeoutMs: number,
): Promise<Posted | "stale"> {
  return new Promise((resolve) => {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const call = http.request({ ...line, method: "POST", path: "/con/audit", headers });
    const timer = setTimeout(() => call.destroy(new Error("no answer in time")), timeoutMs);
    const end = (posted: Posted | "stale"): void => {
      clearTimeout(timer);
      resolve(posted);
    };
    call.on("error", (error: NodeJS.ErrnoException) => {
      const gone = ["ECONNRESET", "EPIPE"].includes(error.code ?? "");
      end(call.reusedSocket && gone ? "stale" : { kind: "away", why: error.message });
    });
    call.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        if (text.length < maxAnswer) text += part;
      });
      response.on("error", (error) => end({ kind: "away", why: error.message }));
      response.on("end", () => end(verdict(response.statusCode ?? 0, text)));
    });
    call.end(body);
  });
}

/** 400 and 413: it says the same at every try. */
function verdict(status: number, text: string): Posted {
  if (status === 200) return { kind: "accepted", refused: refusedIn(text) };
  const why = `the gateway answered ${status}`;
  return status === 400 || status === 413 ? { kind: "refused", why } : { kind: "away", why };
}

function refusedIn(text: string): string[] {
  try {
    const { refused } = JSON.parse(text) as { readonly refused?: readonly { why?: unknown }[] };
    return (refused ?? []).map(({ why }) => String(why));
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
