/**
 * `mcp:` of a manifest: servers of the Model Context Protocol whose tools the agent may be granted. Pure.
 *
 * A server that is named here does nothing until `can.tools` has `mcp.SERVER` or `mcp.SERVER.TOOL`. Never: holds a key,
 * only the names of credentials.
 */
import { BlockList } from "node:net";
import type { Broken } from "./broken.ts";
import { type NetworkTarget, parseNetworkTarget } from "./grammar.ts";
import { toolsMeet } from "./tool-groups.ts";
import type { Agent, McpServer } from "./types.ts";

export type RawMcp = Readonly<Record<string, RawServer>>;

interface RawServer {
  readonly command?: readonly string[];
  readonly url?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly credentials?: Readonly<Record<string, string>>;
  readonly timeout_seconds?: number;
}

const defaultTimeout = 60;

/** Those that are broken are left out: the agent is too. */
export const mcpOf = (raw: RawMcp): Readonly<Record<string, McpServer>> =>
  Object.fromEntries(
    Object.entries(raw).flatMap(([name, one]): [string, McpServer][] => {
      const common = {
        credentials: one.credentials ?? {},
        timeoutSeconds: one.timeout_seconds ?? defaultTimeout,
      };
      const [program, ...rest] = one.command ?? [];
      if (program !== undefined)
        return [
          [name, { kind: "command", command: [program, ...rest], env: one.env ?? {}, ...common }],
        ];
      if (one.url === undefined) return [];
      return [[name, { kind: "url", url: one.url, headers: one.headers ?? {}, ...common }]];
    }),
  );

/** Of a temporary agent: those of its parent's whose tools it has. */
export function childMcp(servers: Agent["mcp"], tools: readonly string[]): Pick<Agent, "mcp"> {
  const kept = Object.entries(servers ?? {}).filter(([name]) =>
    tools.some((tool) => toolsMeet(tool, `mcp.${name}`)),
  );
  return kept.length === 0 ? {} : { mcp: Object.fromEntries(kept) };
}

/** Names of credentials that its servers get. */
export const mcpCredentials = ({ mcp = {} }: Pick<Agent, "mcp">): string[] =>
  [...new Set(Object.values(mcp).flatMap((one) => Object.values(one.credentials)))].sort();

export function brokenMcp(raw: RawMcp = {}, can: Agent["can"]): Broken[] {
  const names = Object.keys(raw);
  const unknown = can.tools.flatMap((tool): Broken[] => {
    const name = /^mcp\.([^.]+)/.exec(tool)?.[1];
    if (name === undefined || names.includes(name)) return [];
    const why = `${tool} is granted, and mcp has no server ${name}`;
    return [{ path: ["can", "tools"], why, remedy: `say under mcp: what ${name} is` }];
  });
  return [
    ...unknown,
    ...names.flatMap((name) => brokenServer(raw[name] ?? {}, ["mcp", name], can)),
  ];
}

function brokenServer(raw: RawServer, path: Broken["path"], can: Agent["can"]): Broken[] {
  if ((raw.command === undefined) === (raw.url === undefined)) {
    const why = "a server is a program or an address";
    return [{ path, why, remedy: "give it command or url, not both" }];
  }
  const misplaced = raw.url === undefined ? "headers" : "env";
  if (raw[misplaced] !== undefined) {
    const why = `${misplaced} says nothing to ${raw.url === undefined ? "a program" : "an address"}`;
    return [{ path: [...path, misplaced], why, remedy: "remove it" }];
  }
  return raw.url === undefined
    ? brokenCommand(raw, path, can)
    : brokenUrl(raw, raw.url, [...path, "url"], can);
}

/** Whoever writes the program has what it is given. */
function brokenCommand(
  { command = [], credentials = {} }: RawServer,
  path: Broken["path"],
  can: Agent["can"],
): Broken[] {
  if (Object.keys(credentials).length === 0) return [];
  const own = ["/srv/con/agents", ...can.write];
  return command.flatMap((word, index) => {
    const isOwn = own.some((root) => word === root || word.startsWith(`${root}/`));
    if (!isOwn) return [];
    const why = `the agent may write ${word}, and what lies there would get a key`;
    const remedy = "put the program where only root writes, like /usr/local/lib";
    return [{ path: [...path, "command", index], why, remedy }];
  });
}

const example = "write it like https://mcp.example/mcp";

function brokenUrl(
  { credentials = {} }: RawServer,
  text: string,
  path: Broken["path"],
  { network }: Agent["can"],
): Broken[] {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.hash !== "")
    return [{ path, why: `${text} is no address of a server`, remedy: example }];
  if (Object.keys(credentials).length > 0 && url.protocol !== "https:")
    return [{ path, why: "its key would go without TLS", remedy: "use https" }];
  const target = mcpTarget(text);
  if (parseNetworkTarget(target) === null)
    return [{ path, why: `${target} is no host and port`, remedy: example }];
  return isReached(network, target)
    ? []
    : [
        {
          path,
          why: `can.network does not reach ${target}`,
          remedy: `add ${target} to can.network`,
        },
      ];
}

/** `host:port`, as grants have it. */
export function mcpTarget(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname.replace(/\.$/, "")}:${port || (protocol === "https:" ? 443 : 80)}`;
}

export const isReached = (network: readonly string[], target: string): boolean =>
  network.some((grant) => covers(parseNetworkTarget(grant), parseNetworkTarget(target)));

function covers(grant: NetworkTarget | null, target: NetworkTarget | null): boolean {
  if (grant === null || target === null || target.kind === "any" || grant.port !== target.port)
    return false;
  if (grant.kind === "any") return true;
  if (grant.kind !== target.kind) return false;
  const [address = "", length] = grant.host.split("/");
  if (grant.kind === "host" || length === undefined) return grant.host === target.host;
  const range = new BlockList();
  range.addSubnet(address, Number(length), grant.kind);
  return range.check(target.host, grant.kind);
}
