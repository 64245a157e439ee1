/**
 * MCP in the booted system, both ways: tools of a public server inside an agent's sandbox, and a task through
 * `con mcp` with the official client, as people whom con trusts and as a stranger.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { shellBlocks } from "../commands/readme.ts";
import { frontDesk, type ScriptedModel, scriptModel } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;
let model: ScriptedModel;
let agent: string;
let workspace: string;

const [trusted, stranger] = ["con-trent", "con-stella"];
const place = "/usr/local/lib";
const key = "the-key-of-the-server";

const manifest = (name: string): string => `name: ${name}
tier: operator
description: has tools of servers
can: {tools: [shell, mcp.files.read_text_file, mcp.files.list_directory, mcp.odd.environment]}
mcp:
  files: {command: [/usr/bin/node, ${place}/mcp-files.mjs, /]}
  odd:
    command: [/usr/bin/node, ${place}/mcp-odd.mjs, ${place}/mcp-odd.json]
    credentials: {API_KEY: odd-key}
`;

async function bundled(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [resolve("node_modules/@modelcontextprotocol/server-filesystem/dist/index.js")],
    ...{ bundle: true, write: false, platform: "node", format: "esm", logLevel: "error" },
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire("/");',
    },
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("nothing was built");
  return file.contents;
}

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  ({ agent } = await frontDesk(container));
  workspace = `/srv/con/agents/${agent}/workspace`;
  await container.copyIn(`${place}/mcp-files.mjs`, await bundled());
  await container.copyIn(
    `${place}/mcp-odd.mjs`,
    readFileSync("test/tools/mcp/support/server.mjs", "utf8"),
  );
  const tools = [{ name: "environment", inputSchema: { type: "object" } }];
  await container.copyIn(`${place}/mcp-odd.json`, JSON.stringify({ count: false, tools }));
  await container.copyIn(`/etc/con/agents.d/${agent}.yaml`, manifest(agent));
  for (const name of [trusted, stranger]) await container.must(["useradd", "-M", name ?? ""]);
  await container.must(["usermod", "-aG", "trusted", trusted ?? ""]);
  await container.must(["con", "credential", "set", "odd-key"], { input: `${key}\n` });
  await container.must(["con", "bootstrap"]);
  expect(await container.must(["con", "credential", "list"])).toMatch(`mcp:${agent}`);
  const { socket } = await frontDesk(container);
  model = await scriptModel(container, { agent, socket }, "answer");
});
afterAll(() => own[Symbol.asyncDispose]());

const use = (name: string, args: object): readonly [string, object] => [
  "use_tool",
  { name, arguments: args },
];
const sh = (script: string): Promise<string> => container.must(["/bin/sh", "-c", script]);
const until = (condition: string): Promise<string> =>
  sh(`n=0; until ${condition}; do n=$((n+1)); [ $n -le 600 ] || exit 9; sleep 0.1; done`);

test("an agent finds and calls what it is granted, in its sandbox, and a killed server comes back", async () => {
  const state = `/srv/con/agents/${agent}/state`;
  await sh(`echo of-the-agent >${state}/probe && chown a-${agent} ${state}/probe`);
  const read = (path: string) => use("mcp.files.read_text_file", { path });
  const name = await model.drop([
    ["shell", { command: "echo salt >note" }],
    ["tool_details", { category: "mcp.files" }],
    read(`${workspace}/note`),
    read(`${state}/probe`),
    use("mcp.files.list_directory", { path: `/srv/con/agents/${agent}` }),
    use("mcp.files.write_file", { path: `${workspace}/x`, content: "x" }),
    ["shell", { command: "touch ready; until [ -e go ]; do sleep 0.05; done" }],
    read(`${workspace}/note`),
    use("mcp.odd.environment", { name: "API_KEY" }),
    ["shell", { command: "cat /run/credentials/*/* /proc/*/environ; env; id -u" }],
  ]);
  await until(`[ -e ${workspace}/ready ]`);
  // The process itself, within all that carries its name.
  await sh(
    `pkill -KILL -u a-${agent} -f '^/usr/bin/node ${place}/mcp-files' && touch ${workspace}/go`,
  );
  const [, details, note, probe, listed, write, , again, odd, shell] = await model.answer(name);
  expect(details).toContain("mcp.files.read_text_file");
  expect(details).not.toContain("mcp.files.write_file");
  expect(note).toContain("\nsalt\n");
  // Positive control: the file is there, and the agent's own.
  expect(await sh(`setpriv --reuid=a-${agent} --clear-groups cat ${state}/probe`)).toContain(
    "of-the",
  );
  expect(probe).not.toContain("of-the-agent");
  expect(probe).toContain("ENOENT");
  expect(listed?.match(/\[(?:DIR|FILE)\] \w+/g)).toEqual(["[DIR] tools", "[DIR] workspace"]);
  expect(write).toContain("not_granted");
  expect(again).toContain("\nsalt\n");
  expect(odd).toContain(`${key} in /tmp`);
  expect(shell).not.toContain(key);
  // It lives no longer than its runner.
  await container.must(["systemctl", "stop", `con@${agent}.service`]);
  expect((await container.exec(["pgrep", "-f", `${place}/mcp-`])).code).toBe(1);
});

async function connect(user: string, ...more: string[]): Promise<Client> {
  const id = async (flag: string): Promise<string> =>
    (await container.must(["id", flag, user])).trim();
  const client = new Client({ name: "editor", version: "1" });
  const become = [`--reuid=${user}`, `--regid=${await id("-g")}`, "--init-groups", "--"];
  const path = "PATH=/usr/local/bin:/usr/bin:/bin";
  await client.connect(
    new StdioClientTransport({
      command: "nsenter",
      args: [
        ...["--target", String(container.leader()), "--all", "--no-fork", "--"],
        ...["/usr/bin/env", "-i", path, "/bin/sh", "-c", '"$@"; exit $?', "sh"],
        ...["setpriv", ...become, "con", "mcp", ...more],
      ],
      stderr: "pipe",
    }),
  );
  onTestFinished(() => client.close());
  return client;
}

async function call(client: Client, name: string, args: Record<string, unknown> = {}) {
  const { isError, content, structuredContent } = await client.callTool({ name, arguments: args });
  const [first] = content as readonly { readonly text: string }[];
  return { isError: isError === true, text: first?.text ?? "", value: structuredContent };
}

test("the commands of docs/mcp.md run", async () => {
  const blocks = shellBlocks(readFileSync("docs/mcp.md", "utf8"));
  expect(blocks.map(({ where }) => where)).toEqual(["container"]);
  for (const command of blocks.flatMap(({ commands }) => commands))
    await container.must(["/bin/bash", "-o", "pipefail", "-c", command]);
});

const task = JSON.stringify([["shell", { command: "echo $((6*7))" }]]);

test("a person's program completes a task through con mcp", async () => {
  const client = await connect(trusted ?? "", "--approvals");
  const told: string[] = [];
  const done = await client.callTool(
    { name: "deliver_task", arguments: { text: task, wait_seconds: 90 } },
    undefined,
    { onprogress: ({ message }) => told.push(message ?? "") },
  );
  expect(done.structuredContent).toMatchObject({
    ...{ agent, state: "done", answer: expect.stringContaining("42") },
    record: { trust: "verified", from: { name: trusted } },
  });
  expect(told.length).toBeGreaterThan(0);
  const { id } = done.structuredContent as { id: string };
  expect((await call(client, "read_answer", { id })).text).toContain("42");
  expect((await call(client, "list_approvals")).value).toMatchObject({ approvals: [] });
});

test("a stranger's program may what the stranger may", async () => {
  const client = await connect(stranger ?? "", "--approvals");
  expect((await call(client, "list_agents")).text).toContain(agent);
  for (const [name, args] of [
    ["deliver_task", { text: task }],
    ["deliver_task", { text: task, wait_seconds: 60 }],
    ["list_approvals", {}],
    ["approve", { id: "01890a5d-ac96-874b-bcce-b302099a8057" }],
  ] as const) {
    const { isError, text } = await call(client, name, args);
    expect([isError, text], name).toEqual([true, expect.stringMatching(/may not|trusted/)]);
  }
  expect((await call(client, "list_tasks")).value).toMatchObject({
    ...{ tasks: [], hidden: expect.arrayContaining([agent]) },
  });
});
