/**
 * Climbs a ladder: the first rung that begins to answer wins. A rung fails over only before its first
 * byte went to the caller, so that no answer is ever sewn together from two models.
 */
import type { GatewayRuntime } from "../config/runtime.ts";
import type { Provider } from "../config/types.ts";
import type { Log } from "../system/log.ts";
import type { Books } from "./books.ts";
import { answerBuiltin } from "./builtin.ts";
import type { Key, ReadKey } from "./keys.ts";
import { type Rung, worstOf } from "./ladder.ts";
import { type Problem, problem } from "./problem.ts";
import type { Body, Endpoint, Reply, Upstream } from "./upstream.ts";

export interface AscentDeps {
  readonly log: Log;
  readonly now: () => number;
  readonly readKey: ReadKey;
  readonly open: (provider: Provider, key: { ok: true; key: string | null }) => Promise<Upstream>;
  /** The configuration of the moment. */
  readonly runtime: GatewayRuntime;
  /** First listed model per endpoint; filled as it becomes known. */
  readonly firstModels: Map<string, string>;
}

export type Ascent =
  | { readonly ok: true; readonly rung: Rung; readonly label: string; readonly reply: Reply }
  | { readonly ok: false; readonly problem: Problem };

/** What is asked of each rung. */
export interface Asked {
  readonly endpoint: Endpoint;
  readonly body: Body;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
  readonly books: Pick<Books, "onLost" | "stopped" | "outputLimit">;
}

export async function ascend(
  deps: AscentDeps,
  rungs: readonly Rung[],
  asked: Asked,
): Promise<Ascent> {
  const failures: { label: string; problem: Problem }[] = [];
  for (const rung of rungs) {
    const tried = await tryRung(deps, rung, asked);
    if (tried.ok) return tried;
    const { status, message } = tried.problem;
    deps.log.warn("a model did not answer", { model: rung.label, status, why: message });
    failures.push({ label: rung.label, problem: tried.problem });
    if (asked.signal.aborted) break;
    // The next rung may be free; but nobody asked for a lesser model because the money is spent.
    const stopped = asked.books.stopped();
    if (stopped !== null) return { ok: false, problem: stopped };
  }
  return { ok: false, problem: worstOf(failures) };
}

async function tryRung(
  deps: AscentDeps,
  rung: Rung,
  { endpoint, body, signal, books }: Asked,
): Promise<Ascent> {
  if (rung.kind === "reflex") {
    return endpoint === "/chat/completions"
      ? { ok: true, rung, label: rung.label, reply: answerBuiltin(body, deps.now()) }
      : { ok: false, problem: problem(400, "builtin/reflex makes no embeddings") };
  }
  const key = deps.readKey(rung.provider);
  if (!key.ok) return { ok: false, problem: keyless(deps, rung.provider, key) };
  const upstream = await deps.open(rung.provider, key);
  const model = await modelOf(deps, rung, upstream, signal);
  if (typeof model !== "string") return { ok: false, problem: model };
  const limited = withLimit(rung.provider, body, books.outputLimit);
  const request = requestOf(endpoint, limited, model);
  const answer = await upstream.call(endpoint, request, signal, books.onLost);
  return answer.ok
    ? { ok: true, rung, label: `${rung.providerName}/${model}`, reply: answer.reply }
    : answer;
}

/** systemd hands keys over when the gateway starts: one that came since then is there after the next start. */
function keyless(
  { runtime }: Pick<AscentDeps, "runtime">,
  { credential }: Provider,
  { why, isMissing }: Key & { ok: false },
): Problem {
  const isStored = credential !== null && runtime.credentials?.includes(credential) === true;
  if (!isMissing || !isStored) return problem(401, why);
  const pending = `credential "${credential}" is stored and not loaded yet: a restart of the gateway is pending`;
  return problem(503, `${pending}; should it stay so: systemctl restart con-gateway.service`, 2);
}

/** The caller's own request, for this model; a stream always tells its usage, or the ledger were blind. */
function requestOf(endpoint: Endpoint, body: Body, model: string): Body {
  if (endpoint !== "/chat/completions" || body["stream"] !== true) return { ...body, model };
  const { stream_options: given } = body;
  const options = typeof given === "object" && given !== null ? given : {};
  return { ...body, model, stream_options: { ...options, include_usage: true } };
}

/**
 * The output limit that was reserved for, or else asked for. OpenAI's own models know only the newer key, and
 * many others only the older one. Source: OpenAI API reference, "Chat completions", `max_tokens`.
 */
function withLimit({ baseUrl }: Provider, body: Body, limit: number | null): Body {
  const { max_tokens: older, max_completion_tokens: newer, ...rest } = body;
  const isOpenAi = /(^|\.)openai\.(com|azure\.com)$/.test(new URL(baseUrl).hostname);
  if (isOpenAi) {
    const most = limit ?? newer ?? older;
    return most === undefined ? body : { ...rest, max_completion_tokens: most };
  }
  return limit === null ? body : { ...rest, max_tokens: limit };
}

/** `provider/*` asks the endpoint once what it has. */
async function modelOf(
  { firstModels }: AscentDeps,
  rung: Extract<Rung, { kind: "upstream" }>,
  upstream: Upstream,
  signal: AbortSignal,
): Promise<string | Problem> {
  if (rung.model !== "*") return rung.model;
  const known = firstModels.get(rung.provider.baseUrl);
  if (known !== undefined) return known;
  const listed = await upstream.list(signal);
  if ("status" in listed) return listed;
  const first = listed[0];
  if (first === undefined) return problem(503, `${rung.provider.baseUrl} lists no model`);
  firstModels.set(rung.provider.baseUrl, first);
  return first;
}
