/** The part `web` of con.yaml: what agents may reach although it is private, and who searches for them. Pure. */
import type { Broken } from "./broken.ts";
import { parseNetworkTarget } from "./grammar.ts";
import type { Config, SearchEngine, WebPart } from "./types.ts";

export interface RawWeb {
  readonly allow?: readonly string[];
  readonly search?: readonly RawEngine[];
}

interface RawEngine {
  readonly name: string;
  readonly url: string;
  readonly credential?: string;
  readonly header?: string;
  readonly results?: string;
  readonly title?: string;
  readonly link?: string;
  readonly snippet?: string;
}

export const webOf = ({ web }: Pick<Config, "web">): WebPart => web ?? { allow: [], search: [] };

/** Without paths it speaks as SearXNG does. */
export const readWeb = (raw: RawWeb = {}): WebPart => ({
  allow: [...new Set(raw.allow ?? [])].sort(),
  search: (raw.search ?? []).map(
    (one): SearchEngine => ({
      name: one.name,
      url: one.url,
      credential: one.credential ?? null,
      header: one.header ?? null,
      results: one.results ?? "results",
      title: one.title ?? "title",
      link: one.link ?? "url",
      snippet: one.snippet ?? "content",
    }),
  ),
});

export function brokenWeb({ allow = [], search = [] }: RawWeb = {}): Broken[] {
  return [
    ...allow.flatMap((text, index) => {
      const target = parseNetworkTarget(text);
      if (target !== null && target.kind !== "any") return [];
      const why = `${JSON.stringify(text)} names no host and port`;
      const remedy = "expected HOST:PORT, ADDRESS/LEN:PORT or [IPV6/LEN]:PORT";
      return [{ path: ["web", "allow", index], why, remedy }];
    }),
    ...search.flatMap((one, index) => brokenEngine(one, ["web", "search", index])),
  ];
}

function brokenEngine({ url, credential }: RawEngine, path: Broken["path"]): Broken[] {
  const filled = url.replaceAll("{query}", "x").replaceAll("{count}", "1");
  const found = URL.canParse(filled) ? new URL(filled) : null;
  const at = [...path, "url"];
  if (found === null || !/^https?:\/\/[^/{}]+\/.*\{query\}/.test(url))
    return [{ path: at, why: `${url} is no URL with {query} in it`, remedy: example }];
  if (credential !== undefined && found.protocol !== "https:")
    return [{ path: at, why: "its key would go without TLS", remedy: "use https" }];
  return [];
}

const example = "write it like https://search.example/search?q={query}&format=json";

/** `host:port` of every engine, as `allow` writes it: people named them, so they may be private. */
export const engineTargets = ({ search }: WebPart): string[] =>
  search.map(({ url }) => {
    const { hostname, port, protocol } = new URL(url.replaceAll(/\{(?:query|count)\}/g, "1"));
    return `${hostname.replace(/\.$/, "")}:${port || (protocol === "https:" ? 443 : 80)}`;
  });
