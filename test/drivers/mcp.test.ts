/** `con mcp` with the official client, over the standard input and output of a real process. */
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { expect, onTestFinished, test } from "vitest";
import { makeSystem, type TestSystem } from "../commands/support.ts";

const entry = join(import.meta.dirname, "../../src/con.ts");
const { PATH = "", NODE_COMPILE_CACHE = "" } = process.env;
const environment = (root: string) => ({
  ...{ PATH, NODE_COMPILE_CACHE, NODE_NO_WARNINGS: "1" },
  CON_ROOT: root,
});

async function connect({ root }: TestSystem, ...more: string[]): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [entry, "mcp", ...more],
    env: environment(root),
    stderr: "pipe",
  });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

const call = async (client: Client, name: string, args: Record<string, unknown> = {}) => {
  const { isError, structuredContent, content } = await client.callTool({ name, arguments: args });
  const [first] = content as readonly { readonly text: string }[];
  return { isError: isError === true, value: structuredContent as never, text: first?.text ?? "" };
};

test("delivers, lists, follows with progress, reads and cancels", async () => {
  const system = makeSystem();
  const client = await connect(system);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    ...["list_agents", "deliver_task", "list_tasks", "task_status", "follow_task", "read_answer"],
    "cancel_task",
  ]);
  expect(tools.find(({ name }) => name === "task_status")?.annotations?.readOnlyHint).toBe(true);
  const agents = await call(client, "list_agents");
  expect(agents.value).toMatchObject({ agents: [{ name: "concierge" }, { name: "sysadmin" }] });

  const text = "--agent is no option here\nsecond line";
  const sent = await call(client, "deliver_task", { agent: "sysadmin", text });
  const { id } = sent.value as { id: string };
  expect(sent.value).toMatchObject({ agent: "sysadmin", id: expect.stringMatching(/-7/) });
  const listed = await call(client, "list_tasks", { agent: "sysadmin" });
  expect(listed.value).toEqual({
    tasks: [{ id, agent: "sysadmin", place: "pending" }],
    more: 0,
    hidden: [],
  });
  expect((await call(client, "task_status", { id })).value).toMatchObject({ state: "pending" });
  expect(await call(client, "read_answer", { id })).toMatchObject({
    isError: true,
    text: expect.stringContaining("no answer yet, it is pending: wait for it with follow_task"),
  });

  const told: string[] = [];
  const answered = client.callTool({ name: "follow_task", arguments: { id } }, undefined, {
    onprogress({ message = "" }) {
      if (told.push(message) > 1) return;
      const inbox = join(system.root, "agents/sysadmin/inbox");
      renameSync(join(inbox, `${id}.task`), join(inbox, "../processed", `${id}.task`));
      system.settle("sysadmin", id, "blue \u001b[31m");
    },
  });
  expect((await answered).structuredContent).toMatchObject({ id, state: "done" });
  expect(told[0]).toBe("pending");
  const read = await call(client, "read_answer", { id });
  expect(read.value).toMatchObject({ answer: expect.stringContaining("blue") });
  expect(await call(client, "cancel_task", { id })).toMatchObject({
    isError: true,
    text: expect.stringContaining("it is done"),
  });
});

test("says what is wrong and how to mend it, and goes on", async () => {
  const client = await connect(makeSystem());
  const texts = [
    await call(client, "deliver_task", { agent: "sysadmim", text: "x" }),
    await call(client, "deliver_task", { text: "x", wait: 5 }),
    await call(client, "task_status", { id: "../../etc" }),
    await call(client, "no_such_tool"),
    await call(client, "approve", { id: "x" }),
  ];
  expect(texts.every(({ isError }) => isError)).toBe(true);
  expect(texts[0]?.text).toContain("sysadmin");
  expect(texts[1]?.text).toContain("additional properties");
  expect(texts[3]?.text).toContain("there are list_agents");
  expect(texts[4]?.text).toContain("there is none of that name");
  expect((await call(client, "list_tasks")).value).toMatchObject({ tasks: [] });
});

test("a wait that is cancelled leaves the task, and the server answers the next call", async () => {
  const system = makeSystem();
  const client = await connect(system);
  const stop = new AbortController();
  const waiting = client.callTool(
    { name: "deliver_task", arguments: { text: "x", wait_seconds: 600 } },
    undefined,
    { signal: stop.signal, onprogress: () => stop.abort("enough") },
  );
  await expect(waiting).rejects.toThrow("enough");
  const { value } = await call(client, "list_tasks");
  expect(value).toMatchObject({ tasks: [{ agent: "concierge", place: "pending" }] });
});

test("approvals are there when they are asked for, where there is a steward", async () => {
  const client = await connect(makeSystem(), "--approvals");
  const { tools } = await client.listTools();
  expect(tools.slice(-3).map(({ name }) => name)).toEqual(["list_approvals", "approve", "deny"]);
  const { isError, text } = await call(client, "list_approvals");
  expect([isError, text]).toEqual([true, expect.stringContaining("con dev has no steward")]);
});

const initialize = {
  ...{ jsonrpc: "2.0", id: 1, method: "initialize" },
  params: {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "raw", version: "1" },
  },
};

test("lines that are no messages are passed over, and a closed input ends it with 0", () => {
  const { root } = makeSystem();
  mkdirSync(join(root, "x"));
  const lines = ["{not json", "[]", JSON.stringify(initialize), "\u0000", '{"jsonrpc":"2.0"}'];
  const listed = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "list_tasks" } };
  const input = `${[...lines, JSON.stringify(listed)].join("\n")}\n`;
  const { status, stdout } = spawnSync(process.execPath, [entry, "mcp"], {
    ...{ input, encoding: "utf8", env: environment(root) },
  });
  const answers = stdout.trim().split("\n");
  const ids = answers.map((line) => (JSON.parse(line) as { readonly id: number }).id);
  expect([status, ids]).toEqual([0, [1, 2]]);
});
