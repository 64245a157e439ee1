/** A call of a tool of an MCP server in the agent's sandbox, against the official SDK's client with the same server. */
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { repository } from "../../test/image/support/container.ts";
import type { BootedSuite, World } from "../suite.ts";
import { addAgent, type Call, callRows } from "./tools.ts";

const [server, client] = ["/usr/local/lib/bench-mcp.mjs", "/run/bench/mcp-client.mjs"];
const place = "/usr/share/con";
const file = `${place}/profiles/default/con.yaml`;

const calls: readonly Call[] = [
  {
    figure: "`mcp.files.read_text_file` in the agent's sandbox",
    call: {
      name: "use_tool",
      arguments: { name: "mcp.files.read_text_file", arguments: { path: file } },
    },
    expect: "front_desk",
    floor: { client: ["/usr/bin/node", client, "read_text_file", file, server, place] },
    floorName: "the same call by the SDK's client",
  },
];

async function put({ container }: World, from: string, to: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [from],
    ...{ bundle: true, write: false, platform: "node", format: "esm", logLevel: "error" },
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire("/");',
    },
  });
  const [built] = outputFiles;
  if (built === undefined) throw new Error(`nothing was built of ${from}`);
  await container.copyIn(to, built.contents);
}

export const mcp: BootedSuite = {
  profile: "default",
  about: "Both servers run already: a call is what is measured.",
  async measure(world) {
    const package_ = "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js";
    await put(world, resolve(repository, package_), server);
    await put(world, join(repository, "bench/mcp-client.ts"), client);
    const command = `[/usr/bin/node, ${server}, ${place}]`;
    const can = "can: {tools: [mcp.files.read_text_file, list_files]}";
    await addAgent(world, `mcp: {files: {command: ${command}}}\n${can}`);
    return { rows: await callRows(world, calls) };
  },
};
