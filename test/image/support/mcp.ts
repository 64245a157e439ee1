/** A booted system whose front desk has MCP servers: programs, one of them with a key, and addresses, good and bad. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { frontDesk, type ScriptedModel, scriptModel } from "../scripted/model.ts";
import { bootContainer, type Container, type Reserved, repository } from "./container.ts";

export const place = "/usr/local/lib";
export const key = "the-key-of-the-server";
export const [trusted, stranger] = ["con-trent", "con-stella"] as const;
const siteLog = "/run/mcp-site.log";

export interface McpWorld {
  readonly own: Reserved;
  readonly container: Container;
  readonly model: ScriptedModel;
  readonly agent: string;
  readonly workspace: string;
  readonly sh: (script: string) => Promise<string>;
  readonly until: (condition: string) => Promise<string>;
  /** What the servers at addresses have logged. */
  readonly log: () => Promise<string[]>;
}

const manifest = (name: string): string => `name: ${name}
tier: operator
description: has tools of servers
can:
  network: ["127.0.0.1:7101", "127.0.0.1:7103"]
  tools:
    [shell, mcp.files.read_text_file, mcp.files.list_directory, mcp.odd.environment, mcp.odd.slow, mcp.site, mcp.away,
      mcp.secret, mcp.endless]
mcp:
  files: {command: [/usr/bin/node, ${place}/mcp-files.mjs, /]}
  odd:
    command: [/usr/bin/node, ${place}/mcp-odd.mjs, ${place}/mcp-odd.json]
    credentials: {API_KEY: odd-key}
  site: {url: "http://127.0.0.1:7101/mcp"}
  away: {url: "http://127.0.0.1:7101/elsewhere"}
  secret: {url: "https://127.0.0.1:7103/mcp"}
  endless: {url: "http://127.0.0.1:7101/endless"}
`;

async function bundled(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [resolve(repository, entry)],
    ...{ bundle: true, write: false, platform: "node", format: "esm", logLevel: "error" },
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire("/");',
    },
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("nothing was built");
  return file.contents;
}

async function startSites(container: Container): Promise<void> {
  const tls = ["/run/mcp-site.key", "/run/mcp-site.crt"];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", tls[0] ?? "", "-out", tls[1] ?? ""];
  await container.must(["openssl", "req", ...kind, ...subject, ...files]);
  await container.copyIn(
    `${place}/mcp-site.mjs`,
    await bundled("test/image/scripted/mcp-site.mts"),
  );
  const argv = ["/usr/bin/node", `${place}/mcp-site.mjs`, siteLog];
  const unit = ["--unit=t-mcp-site", "--property=Restart=always", "--property=RestartSec=0"];
  await container.must(["systemd-run", "--quiet", ...unit, ...argv, ...tls]);
}

async function prepare(container: Container, agent: string): Promise<void> {
  const files = "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js";
  await container.copyIn(`${place}/mcp-files.mjs`, await bundled(files));
  const odd = join(repository, "test/tools/mcp/support/server.mjs");
  await container.copyIn(`${place}/mcp-odd.mjs`, readFileSync(odd));
  const tools = ["environment", "slow"].map((name) => ({ name, inputSchema: { type: "object" } }));
  await container.copyIn(`${place}/mcp-odd.json`, JSON.stringify({ count: false, tools }));
  await startSites(container);
  await container.copyIn(`/etc/con/agents.d/${agent}.yaml`, manifest(agent));
  for (const name of [trusted, stranger]) await container.must(["useradd", "-M", name]);
  await container.must(["usermod", "-aG", "trusted", trusted]);
  await container.must(["con", "credential", "set", "odd-key"], { input: `${key}\n` });
  await container.must(["con", "bootstrap"]);
}

export async function mcpWorld(): Promise<McpWorld> {
  const own = await bootContainer();
  const { container } = own;
  const sh = (script: string): Promise<string> => container.must(["/bin/sh", "-c", script]);
  const { agent } = await frontDesk(container);
  await prepare(container, agent);
  const { socket } = await frontDesk(container);
  return {
    ...{ own, container, agent, sh },
    workspace: `/srv/con/agents/${agent}/workspace`,
    model: await scriptModel(container, { agent, socket }, "answer"),
    until: (condition) =>
      sh(`n=0; until ${condition}; do n=$((n+1)); [ $n -le 600 ] || exit 9; sleep 0.1; done`),
    log: async () => (await container.must(["cat", siteLog])).trim().split("\n"),
  };
}
