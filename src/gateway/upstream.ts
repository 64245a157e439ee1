/**
 * Calls one upstream model with the OpenAI client: any endpoint of that wire format.
 *
 * The client is loaded by the first call. It repeats 408, 409, 429, 5xx and connection errors twice and
 * honours Retry-After up to a minute; what still fails is a `Problem`, never a throw. Never: follows a
 * redirect (it would carry the key elsewhere), or passes on a header of the caller.
 */

import type { Provider } from "../config/types.ts";
import { reasonOf } from "../system/errors.ts";
import type { Key } from "./keys.ts";
import { type Problem, problem, withoutKey } from "./problem.ts";

export type Body = Readonly<Record<string, unknown>>;
export type Endpoint = "/chat/completions" | "/embeddings";

/** A whole answer of JSON, or a stream of server-sent events: what was asked for. */
export interface Reply {
  readonly body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export type Answer =
  | { readonly ok: true; readonly reply: Reply }
  | { readonly ok: false; readonly problem: Problem };

export interface Upstream {
  /**
   * Resolves when the head of the answer is there; its body streams. `onLost` is told of each try that
   * may have been paid for without an answer, and says whether there may be another.
   */
  readonly call: (
    endpoint: Endpoint,
    body: Body,
    signal: AbortSignal,
    onLost: () => boolean,
  ) => Promise<Answer>;
  /** Ids that the endpoint lists, in its order. */
  readonly list: (signal: AbortSignal) => Promise<readonly string[] | Problem>;
}

const retries = 2;
/** Until the head of the answer: thinking models are slow, and stream nothing meanwhile. */
const timeoutMs = 600_000;

async function openUpstream(provider: Provider, key: Key & { ok: true }): Promise<Upstream> {
  const { default: OpenAI } = await import("openai");
  const client = new OpenAI({
    baseURL: provider.baseUrl,
    // The client insists on a value; endpoints without a key ignore it.
    apiKey: key.key ?? "none",
    organization: null,
    project: null,
    maxRetries: retries,
    timeout: timeoutMs,
    logLevel: "off",
    fetchOptions: { redirect: "error" },
  });
  const explain = (error: unknown): Problem => explainError(error, provider, key.key);
  return {
    call: (endpoint, body, signal, onLost) =>
      client
        .withOptions({ fetch: noticing(onLost) })
        .post(endpoint, { body, signal, stream: body["stream"] === true })
        .asResponse()
        .then(
          (response): Answer => ({ ok: true, reply: { body: response.body ?? [] } }),
          (error: unknown): Answer => ({ ok: false, problem: explain(error) }),
        ),
    list: (signal) =>
      client.models.list({ signal }).then(
        (page) => page.data.map(({ id }) => id),
        (error: unknown) => explain(error),
      ),
  };
}

/** Times out, or something between us and the model gave up: it may have worked all the same. */
const mayHaveWorked = (status: number): boolean =>
  [408, 502, 504].includes(status) || (status >= 520 && status <= 527);

/** The connection did not come about. */
const neverSent: readonly RegExp[] = [
  /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_\w+|UND_ERR_CONNECT_TIMEOUT)$/,
  /^(ERR_TLS_\w+|CERT_\w+|\w*SELF_SIGNED\w*|UNABLE_TO_\w+)$/,
];

/** A cause without a code is one of fetch's own rules: a forbidden port, a redirect. */
function wasSent(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : null;
  if (!(cause instanceof Error)) return true;
  const { code } = cause as NodeJS.ErrnoException;
  return code !== undefined && !neverSent.some((pattern) => pattern.test(code));
}

const noticing =
  (onLost: () => boolean): typeof fetch =>
  async (url, init) => {
    try {
      const response = await fetch(url, init);
      if (!mayHaveWorked(response.status) || onLost()) return response;
      return last(response.status, await response.text());
    } catch (error) {
      if (!wasSent(error) || onLost()) throw error;
      const why = reasonOf(error);
      return last(503, JSON.stringify({ error: { message: why } }));
    }
  };

/** An answer after which the client does not try again. */
const last = (status: number, text: string): Response =>
  new Response(text, {
    status,
    headers: { "content-type": "application/json", "x-should-retry": "false" },
  });

/** One client per endpoint and credential for as long as the key stays the same. */
export function upstreamCache(): typeof openUpstream {
  const open = new Map<
    string,
    { readonly key: string | null; readonly upstream: Promise<Upstream> }
  >();
  return (provider, key) => {
    const place = `${provider.baseUrl} ${provider.credential}`;
    const cached = open.get(place);
    if (cached !== undefined && cached.key === key.key) return cached.upstream;
    const upstream = openUpstream(provider, key);
    open.set(place, { key: key.key, upstream });
    return upstream;
  };
}

/** The shape of the client's errors; asked for by form, so that its module stays unloaded here. */
interface ClientError extends Error {
  readonly status?: number;
  readonly headers?: Headers;
}

function explainError(error: unknown, provider: Provider, key: string | null): Problem {
  if (!(error instanceof Error)) return problem(502, "the upstream failed");
  const { status, headers } = error as ClientError;
  const message = withoutKey(error.message, key);
  if (status === undefined) {
    const cause = error.cause instanceof Error ? ` (${withoutKey(error.cause.message, key)})` : "";
    return problem(503, `${provider.baseUrl} cannot be reached: ${message}${cause}`);
  }
  const wait = Number(headers?.get("retry-after"));
  const named = headers?.get("retry-after") !== null && Number.isFinite(wait) && wait >= 0;
  return problem(status, message, named ? wait : null);
}
