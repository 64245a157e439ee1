/**
 * The MCP servers of an agent, as sources of tools. A program runs in the agent's sandbox, with what the agent may read,
 * write and connect to now, and is gone when the runner is; an address is spoken to by the runner itself, within the packet
 * rules of the agent's uid.
 *
 * On the way of every cold wake: loads nothing of the protocol before a tool of a server is granted and looked for.
 * Never: shows a key to another program of the agent than the server that it is for.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isReached, mcpTarget } from "../config/mcp.ts";
import type { AgentRuntime } from "../config/runtime.ts";
import type { McpServer } from "../config/types.ts";
import type { AgentPaths } from "../spool/layout.ts";
import { type Disk, errnoOf } from "../system/disk.ts";
import type { Log } from "../system/log.ts";
import { sha256 } from "../system/sha256.ts";
import type { McpSource } from "../tools/mcp/source.ts";
import type { Reach } from "../tools/mcp/types.ts";
import type { ShellPolicy } from "../tools/policies.ts";
import type { ToolSource } from "../tools/source.ts";
import { agentAt, isolationOf, sandboxLimits, shellPolicy, toolEnvironment } from "./policy.ts";

export interface McpParts {
  readonly agent: AgentRuntime;
  readonly paths: AgentPaths;
  readonly isolation: ShellPolicy["isolation"];
  readonly disk: Disk;
  readonly log: Log;
  readonly now: () => number;
  /** `$CREDENTIALS_DIRECTORY`. */
  readonly credentials: string | null;
}

export interface McpServers {
  readonly sources: readonly ToolSource[];
  /** Ends what was started. */
  readonly close: () => Promise<void>;
}

export function createMcp(parts: McpParts): McpServers {
  const opened = new Map<string, Promise<McpSource>>();
  const sources = Object.entries(parts.agent.mcp ?? {}).map(
    ([name, server]): ToolSource => ({
      category: `mcp.${name}`,
      summary: `tools of the MCP server ${name}`,
      untrusted: true,
      async list() {
        const source = opened.get(name) ?? openSource(parts, name, server);
        opened.set(name, source);
        const found = await source.catch((error: unknown) => notRead(error));
        if ("list" in found) return found.list();
        opened.delete(name);
        return found;
      },
    }),
  );
  return {
    sources,
    async close() {
      const found = await Promise.allSettled(opened.values());
      const open = found.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      await Promise.all(open.map((source) => source.close()));
    },
  };
}

function notRead(error: unknown): { readonly tools: []; readonly trouble: string } {
  const code = errnoOf(error);
  if (code === null) throw error;
  return { tools: [], trouble: `what is remembered of it cannot be read (${code})` };
}

async function openSource(parts: McpParts, name: string, server: McpServer): Promise<McpSource> {
  const { createMcpSource } = await import("../tools/mcp/source.ts");
  const { paths, disk, now, log } = parts;
  return createMcpSource({
    name,
    timeoutMs: server.timeoutSeconds * 1000,
    reach: () => reachOf(parts, server),
    server: sha256(JSON.stringify(server)),
    memoPath: join(paths.state, `mcp-${name}.json`),
    ...{ disk, now, log },
  });
}

function reachOf(parts: McpParts, server: McpServer): Reach {
  const agent = agentAt(parts.agent, parts.now());
  const keys = keysOf(parts.credentials, server);
  if (typeof keys === "string") return { kind: "none", why: keys };
  if (server.kind === "url") {
    const target = mcpTarget(server.url);
    if (!isReached(agent.can.network, target))
      return { kind: "none", why: `can.network does not reach ${target}, or not any more` };
    const bearer = Object.entries(keys).map(([header, key]) => [header, headerOf(header, key)]);
    const headers = { ...server.headers, ...(Object.fromEntries(bearer) as typeof keys) };
    return { kind: "address", url: server.url, headers };
  }
  const shell = shellPolicy(agent, parts.isolation);
  return {
    kind: "program",
    argv: inScratch(server.command),
    seconds: agent.limits.runtimeSeconds,
    environment: { HOME: "/tmp", ...server.env, ...keys },
    options: {
      isolation: isolationOf(agent, parts.paths, shell),
      limits: sandboxLimits(shell),
      environment: toolEnvironment(parts.paths, ""),
    },
  };
}

/**
 * Interpreters load modules and settings of the directory that they start in, and of the home: the workspace is
 * neither, or what writes there would have the server's keys.
 */
const inScratch = (command: readonly [string, ...string[]]): [string, ...string[]] => [
  "/usr/bin/env",
  "--chdir=/tmp",
  "--",
  ...command,
];

/** As most servers want a key there. */
const headerOf = (header: string, key: string): string =>
  header.toLowerCase() === "authorization" && !key.includes(" ") ? `Bearer ${key}` : key;

/** Or why one cannot be used. What cannot be passed on is not tried: the error would show it. */
function keysOf(
  directory: string | null,
  { kind, credentials }: McpServer,
): Readonly<Record<string, string>> | string {
  const fits = kind === "url" ? /^[\t\x20-\x7e\x80-\xff]*$/ : /^[^\0]*$/;
  const keys: [string, string][] = [];
  for (const [name, credential] of Object.entries(credentials)) {
    const key = directory === null ? null : keyIn(directory, credential);
    const remedy = `a person runs con credential set ${credential}`;
    if (key === null) return `there is no credential ${credential}: ${remedy}`;
    if (!fits.test(key))
      return `credential ${credential} is not one line of plain characters, as its place wants it: ${remedy}`;
    keys.push([name, key]);
  }
  return Object.fromEntries(keys);
}

function keyIn(directory: string, credential: string): string | null {
  try {
    const key = readFileSync(join(directory, credential), "utf8").trim();
    return key === "" ? null : key;
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return null;
  }
}
