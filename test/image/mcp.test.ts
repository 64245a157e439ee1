/**
 * MCP in the booted system, both ways: tools of a public server inside an agent's sandbox, and a task through
 * `con mcp` with the official client, as people whom con trusts and as a stranger.
 */
import { readFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { shellBlocks } from "../commands/readme.ts";
import { key, type McpWorld, mcpWorld, place, stranger, trusted } from "./support/mcp.ts";

let world: McpWorld;
beforeAll(async () => {
  world = await mcpWorld();
});
afterAll(() => world.own[Symbol.asyncDispose]());

const use = (name: string, args: object): readonly [string, object] => [
  "use_tool",
  { name, arguments: args },
];
const details = (server: string): readonly [string, object] => [
  "tool_details",
  { category: `mcp.${server}` },
];
/** Says that it is there, and goes on when it may. */
const pause = (word: string): readonly [string, object] => [
  "shell",
  { command: `touch ${word}; until [ -e ${word}-go ]; do sleep 0.05; done` },
];

test("an agent finds and calls what it is granted, in its sandbox, and a killed server comes back", async () => {
  const { container, model, agent, workspace, sh, until } = world;
  const state = `/srv/con/agents/${agent}/state`;
  expect(await container.must(["con", "credential", "list"])).toMatch(`mcp:${agent}`);
  await sh(`echo of-the-agent >${state}/probe && chown a-${agent} ${state}/probe`);
  const read = (path: string) => use("mcp.files.read_text_file", { path });
  const name = await model.drop([
    ["shell", { command: "echo salt >note" }],
    details("files"),
    read(`${workspace}/note`),
    read(`${state}/probe`),
    use("mcp.files.list_directory", { path: `/srv/con/agents/${agent}` }),
    use("mcp.files.write_file", { path: `${workspace}/x`, content: "x" }),
    use("mcp.odd.environment", { name: "API_KEY" }),
    pause("ready"),
    read(`${workspace}/note`),
    ["shell", { command: "cat /run/credentials/*/* /proc/*/environ; env; id -u" }],
  ]);
  await until(`[ -e ${workspace}/ready ]`);
  await strangerSeesNothing(state);
  // The process itself, within all that carries its name.
  await sh(
    `pkill -KILL -u a-${agent} -f '^/usr/bin/node ${place}/mcp-files' && touch ${workspace}/ready-go`,
  );
  const [, told, note, probe, listed, write, odd, , again, shell] = await model.answer(name);
  expect(told).toContain("mcp.files.read_text_file");
  expect(told).not.toContain("mcp.files.write_file");
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
  expect((await container.exec(["pgrep", "-u", `a-${agent}`])).stdout).toBe("");
});

/** Another user, while the server with a key lives. */
async function strangerSeesNothing(state: string): Promise<void> {
  const { container, agent, sh } = world;
  const process = `$(pgrep -n -u a-${agent} -f '^/usr/bin/node ${place}/mcp-odd')`;
  const look = `cat /proc/${process}/environ`;
  // Positive control.
  expect(await sh(look)).toContain(key);
  const script = [
    ...["cat /proc/[0-9]*/environ", "cat /proc/[0-9]*/cmdline", "ls -l /proc/[0-9]*/fd"],
    ...["find /run/credentials -type f -exec cat {} +", `cat ${state}/mcp-odd.json`, "ss -xap"],
  ].join("; ");
  const seen = await container.exec(["/bin/sh", "-c", `exec 2>&1; ${script}`], { user: stranger });
  expect(seen.stdout).not.toContain(key);
  expect(seen.stdout).toContain(`${state}/mcp-odd.json: Permission denied`);
  const sockets = await sh(`ss -Hlxp | grep -c pid=${process}, || true`);
  expect(sockets.trim()).toBe("0");
}

test("servers at addresses: a granted one, after its death too; no redirect, no bad certificate, no end", async () => {
  const { container, model, agent, workspace, sh, until, log } = world;
  const restarts = async (): Promise<number> =>
    (await log()).filter((line) => line === "started").length;
  const name = await model.drop([
    use("mcp.site.greet", {}),
    pause("first"),
    use("mcp.site.greet", {}),
    use("mcp.site.never", {}),
    pause("second"),
    use("mcp.site.greet", {}),
    ...["away", "secret", "endless"].map(details),
    [
      "shell",
      {
        command:
          "for p in 7101 7102; do curl -s -m5 -o /dev/null 127.0.0.1:$p/key; echo $p=$?; done",
      },
    ],
  ]);
  await until(`[ -e ${workspace}/first ]`);
  const kill = "systemctl kill --signal=KILL t-mcp-site";
  expect(await restarts()).toBe(1);
  await sh(kill);
  await until("[ $(grep -c started /run/mcp-site.log) = 2 ]");
  await sh(`touch ${workspace}/first-go`);
  await until("grep -q 'call never' /run/mcp-site.log");
  await sh(kill);
  await until("[ $(grep -c started /run/mcp-site.log) = 3 ]");
  await sh(`touch ${workspace}/second-go`);
  const [first, , again, never, , after, away, secret, endless, shell] = await model.answer(name);
  expect([first, again, after]).toEqual(Array(3).fill(expect.stringContaining("\nhello\n")));
  expect(never).toContain("The call was interrupted");
  expect(away).toContain("redirects to another origin (307)");
  expect(secret).toContain("its certificate is not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)");
  expect(endless).toContain("an answer of more than 33554432 bytes");
  expect((await log()).filter((line) => line.startsWith("call"))).toEqual(
    ["greet", "greet", "never", "greet"].map((one) => `call ${one}`),
  );
  // By uid: what is granted answers, what is not does not, and is there for root.
  expect(shell).toContain("7101=0");
  expect(shell).toMatch(/7102=(?:7|28)\n/);
  await container.must(["curl", "-s", "-m5", "-o", "/dev/null", "127.0.0.1:7102/key"]);
  await container.must(["systemctl", "stop", `con@${agent}.service`]);
});

test("kill -9 of a server in a call is said and not repeated; of the runner leaves nothing, and it goes on", async () => {
  const { container, model, agent, workspace, sh, until } = world;
  const server = `pgrep -u a-${agent} -f '^/usr/bin/node ${place}/mcp-odd'`;
  const name = await model.drop([
    use("mcp.odd.slow", { mark: `${workspace}/slow` }),
    use("mcp.odd.environment", { name: "HOME" }),
    pause("alive"),
    use("mcp.odd.environment", { name: "HOME" }),
  ]);
  await until(`[ -e ${workspace}/slow ]`);
  await sh(`kill -KILL $(${server}); rm ${workspace}/slow`);
  await until(`[ -e ${workspace}/alive ]`);
  const old = (await sh(`pgrep -u a-${agent} | sort`)).trim().split("\n");
  expect(old).toContain((await sh(server)).trim().split("\n").at(-1));
  await container.must(["systemctl", "kill", "--signal=KILL", "--kill-whom=main", `con@${agent}`]);
  const [slow, before, , after] = await model.answer(name);
  expect(slow).toContain("The call was interrupted: it ended with exit code 137");
  await container.must(["test", "!", "-e", `${workspace}/slow`]);
  expect([before, after]).toEqual(Array(2).fill(expect.stringContaining("/tmp in /tmp")));
  await container.must(["systemctl", "stop", `con@${agent}.service`]);
  expect((await container.exec(["pgrep", "-u", `a-${agent}`])).stdout).toBe("");
  for (const pid of old) await container.must(["test", "!", "-e", `/proc/${pid}`]);
  expect(
    await sh(
      `find /tmp /run /dev/shm /var/tmp -ignore_readdir_race -xdev -user a-${agent} -newer ${place}/mcp-odd.json`,
    ),
  ).toBe("");
});

async function connect(user: string, ...more: string[]): Promise<Client> {
  const id = async (flag: string): Promise<string> =>
    (await world.container.must(["id", flag, user])).trim();
  const client = new Client({ name: "editor", version: "1" });
  const become = [`--reuid=${user}`, `--regid=${await id("-g")}`, "--init-groups", "--"];
  const path = "PATH=/usr/local/bin:/usr/bin:/bin";
  await client.connect(
    new StdioClientTransport({
      command: "nsenter",
      args: [
        ...["--target", String(world.container.leader()), "--all", "--no-fork", "--"],
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
    await world.container.must(["/bin/bash", "-o", "pipefail", "-c", command]);
});

const task = JSON.stringify([["shell", { command: "echo $((6*7))" }]]);

test("a person's program completes a task through con mcp", async () => {
  const client = await connect(trusted, "--approvals");
  const told: string[] = [];
  const done = await client.callTool(
    { name: "deliver_task", arguments: { text: task, wait_seconds: 90 } },
    undefined,
    { onprogress: ({ message }) => told.push(message ?? "") },
  );
  expect(done.structuredContent).toMatchObject({
    ...{ agent: world.agent, state: "done", answer: expect.stringContaining("42") },
    record: { trust: "verified", from: { name: trusted } },
  });
  expect(told.length).toBeGreaterThan(0);
  const { id } = done.structuredContent as { id: string };
  expect((await call(client, "read_answer", { id })).text).toContain("42");
  expect((await call(client, "list_approvals")).value).toMatchObject({ approvals: [] });
});

test("a stranger's program may what the stranger may", async () => {
  const client = await connect(stranger, "--approvals");
  expect((await call(client, "list_agents")).text).toContain(world.agent);
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
    ...{ tasks: [], hidden: expect.arrayContaining([world.agent]) },
  });
});
