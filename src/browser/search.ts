/**
 * Web search: the engines of con.yaml in order, until one answers. An engine is a URL template and paths into the
 * JSON that comes back; its key goes into a header and nowhere else.
 *
 * Never: sends a key to another site, in clear text beyond the machine's own network, or into an error.
 */
import type { SearchEngine } from "../config/types.ts";
import { reasonOf } from "../system/errors.ts";
import { readBody } from "./body.ts";
import { NoWay } from "./dial.ts";
import { type GetDeps, type Got, get } from "./get.ts";
import { targetOf, webUrl } from "./target.ts";
import { jsonOf, type SearchHit, type WebAnswer, type WebRequest } from "./wire.ts";

export interface SearchDeps {
  readonly engines: readonly SearchEngine[];
  /** Its own way out for each engine: people named its host, so it may be a private one. */
  readonly getOf: (engine: SearchEngine) => GetDeps;
  /** The key of that name, or null. */
  readonly readKey: (credential: string) => string | null;
}

const maxAnswer = 4 * 1024 * 1024;
const engineMs = 20_000;

type Search = Extract<WebRequest, { verb: "search" }>;

export async function search(
  deps: SearchDeps,
  asked: Search,
  signal: AbortSignal,
): Promise<WebAnswer> {
  const troubles: string[] = [];
  if (deps.engines.length === 0) return none(noEngine);
  for (const engine of deps.engines) {
    const hits = await ask(deps, engine, asked, signal);
    if (typeof hits !== "string") return { kind: "results", engine: engine.name, hits };
    troubles.push(`${engine.name}: ${hits}`);
  }
  return none(troubles.join("; "));
}

const noEngine =
  "no search engine is configured: a person adds one under web.search in /etc/con/con.yaml (docs/web.md)";

const none = (why: string): WebAnswer => ({ kind: "none", code: "failed", why });

/** The hits, or why there are none. */
async function ask(
  deps: SearchDeps,
  engine: SearchEngine,
  { query, count }: Search,
  signal: AbortSignal,
): Promise<SearchHit[] | string> {
  const headers = headersOf(deps, engine);
  if (typeof headers === "string") return headers;
  const url = webUrl(filled(engine.url, query, count));
  if (!url.ok) return url.why;
  const within = AbortSignal.any([signal, AbortSignal.timeout(engineMs)]);
  try {
    const got = await get(deps.getOf(engine), url.value, within, headers);
    const { bytes, whole, why } = await readBody(got.body, maxAnswer);
    if (got.status < 200 || got.status > 299) return statusWords(engine, got);
    if (!whole) return `its answer could not be read: ${why}`;
    const value = jsonOf(bytes.toString("utf8"));
    if (value === null) return "its answer is no JSON";
    return hitsIn(engine, value, count);
  } catch (error) {
    if (!(error instanceof NoWay)) throw error;
    return reasonOf(error);
  }
}

/** What a person, or a model, can do about it. */
function statusWords(
  { credential }: SearchEngine,
  { status, retryAfter }: Pick<Got, "status" | "retryAfter">,
): string {
  const said = `it answered with status ${status}`;
  if (status === 429) {
    const when = retryAfter === null ? "later" : `in ${retryAfter} s`;
    return `${said}: too many requests, ask again ${when}`;
  }
  if ((status === 401 || status === 403) && credential !== null)
    return `${said}: it does not take its key: con credential set ${credential}`;
  return said;
}

const filled = (template: string, query: string, count: number): string =>
  template
    .replaceAll("{query}", encodeURIComponent(query.toWellFormed()))
    .replaceAll("{count}", String(count));

function headersOf(
  { readKey }: SearchDeps,
  { url, credential, header }: SearchEngine,
): Readonly<Record<string, string>> | string {
  const base = { accept: "application/json" };
  if (credential === null) return base;
  if (!url.startsWith("https:")) return "its key is not sent without TLS: use https";
  const key = readKey(credential);
  if (key === null) return `its key ${credential} is missing: con credential set ${credential}`;
  return header === null
    ? { ...base, authorization: `Bearer ${key}` }
    : { ...base, [header.toLowerCase()]: key };
}

const maxText = 1000;

/** What is there of title, address and words of each. Pure. */
export function hitsIn(
  engine: Pick<SearchEngine, "results" | "title" | "link" | "snippet">,
  value: unknown,
  count: number,
): SearchHit[] | string {
  const list = at(value, engine.results);
  if (!Array.isArray(list)) return `its answer has no list at ${engine.results || "the top"}`;
  return list
    .map((one: unknown) => ({
      title: text(at(one, engine.title)),
      url: text(at(one, engine.link)),
      snippet: text(at(one, engine.snippet)),
    }))
    .filter(({ url }) => webUrl(url).ok)
    .slice(0, count);
}

/** `web.results`: a name for each level; empty = the value itself. */
function at(value: unknown, path: string): unknown {
  let here = value;
  for (const name of path === "" ? [] : path.split(".")) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Record<string, unknown>)[name];
  }
  return here;
}

/** Engines mark what was found with tags. */
const text = (value: unknown): string =>
  typeof value !== "string"
    ? ""
    : value
        .replace(/<\/?[a-z][^>]{0,100}>/gi, "")
        .slice(0, maxText)
        .toWellFormed();

/** `host:port` of an engine, as `web.allow` writes it. */
export function engineTarget({ url }: Pick<SearchEngine, "url">): string | null {
  const found = webUrl(filled(url, "", 1));
  if (!found.ok) return null;
  const { host, port } = targetOf(found.value);
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
