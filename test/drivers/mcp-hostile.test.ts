/** `con mcp` and clients that mean ill, or are cut off. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { makeSystem, type TestSystem } from "../commands/support.ts";

const entry = join(import.meta.dirname, "../../src/con.ts");
const { PATH = "", NODE_COMPILE_CACHE = "" } = process.env;

interface Answer {
  readonly id: number | null;
  readonly result?: { readonly isError?: boolean; readonly content: { readonly text: string }[] };
  readonly error?: { readonly code: number; readonly message: string };
}

interface Peer {
  readonly child: ChildProcess;
  readonly write: (text: string) => void;
  readonly ask: (id: number, name: string, args: unknown) => void;
  readonly next: () => Promise<Answer>;
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>;
}

function start({ root }: TestSystem, ...more: string[]): Peer {
  const env = { PATH, NODE_COMPILE_CACHE, NODE_NO_WARNINGS: "1", CON_ROOT: root };
  const child = spawn(process.execPath, [entry, "mcp", ...more], { env, stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const write = (text: string): void => void child.stdin.write(text);
  const clientInfo = { name: "raw", version: "1" };
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo };
  write(`${JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params })}\n`);
  return {
    child,
    write,
    ask: (id, name, args) =>
      write(
        `${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } })}\n`,
      ),
    async next() {
      const { value } = await lines.next();
      return JSON.parse(String(value)) as Answer;
    },
    ended: new Promise((resolve) => child.once("close", (code) => resolve({ code, said }))),
  };
}

const textOf = ({ result }: Answer): string => result?.content[0]?.text ?? "";
const inbox = ({ root }: TestSystem): string[] => readdirSync(join(root, "inbox"));

test("the largest task is taken, a line beyond all bounds is refused, and the next call is answered", async () => {
  const system = makeSystem();
  const { ask, next, write } = start(system);
  await next();
  ask(1, "deliver_task", { text: "€".repeat(4_000_000) });
  expect(textOf(await next())).toContain('"agent":"concierge"');
  expect(inbox(system)).toHaveLength(1);
  for (let count = 0; count < 34; count++) write("x".repeat(1 << 20));
  write("\n");
  expect(await next()).toMatchObject({ error: { code: -32700 } });
  ask(2, "list_agents", {});
  expect(await next()).toMatchObject({ id: 2, result: { content: [{}] } });
});

const words = [
  ...["../../etc/passwd", "..", "concierge/../x", "--help", "-"],
  ...[
    "\u001b[31mred\u0007",
    "\u202eright",
    "\u009b31m",
    "a\0b",
    "x\ny",
    "__proto__",
    "constructor",
  ],
  ...["x".repeat(201), "", "*", "\ud800", 5, null, [], 1e308],
];
const tools: Readonly<Record<string, readonly string[]>> = {
  list_agents: ["x"],
  deliver_task: ["agent", "thread", "priority", "wait_seconds"],
  list_tasks: ["agent", "count"],
  task_status: ["id"],
  follow_task: ["id", "wait_seconds"],
  read_answer: ["id"],
  cancel_task: ["id"],
  approve: ["id", "why"],
  deny: ["id", "why"],
  list_approvals: ["id"],
  constructor: ["x"],
};

test("hostile arguments are refused in words that drive no terminal, and leave nothing", async () => {
  const system = makeSystem();
  const { ask, next, write } = start(system, "--approvals");
  await next();
  const asked = new Map<number, string>();
  for (const [name, keys] of Object.entries(tools))
    for (const key of keys)
      for (const word of words) {
        // Any text may name a thread, no path is made of it; 5 is a number as it should be.
        const isFine = key === "thread" ? typeof word === "string" && word !== "" : word === 5;
        if (isFine) continue;
        asked.set(asked.size + 1, `${name} ${key} ${JSON.stringify(word)}`);
        const rest = name === "deliver_task" ? { text: "x" } : {};
        ask(asked.size, name, { ...rest, [key]: word });
        const answer = await next();
        const what = asked.get(answer.id ?? -1) ?? "";
        expect(answer.id, what).toBe(asked.size);
        const isError = answer.result?.isError === true || answer.error !== undefined;
        expect(isError, `${what}: ${JSON.stringify(answer)}`).toBe(true);
        expect(textOf(answer), what).not.toMatch(
          /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
        );
      }
  expect(inbox(system)).toEqual([]);
  write(
    `{"jsonrpc":"2.0","id":9001,"result":{"x":${"[".repeat(100_000)}${"]".repeat(100_000)}}}\n`,
  );
  ask(9002, "list_tasks", {});
  expect((await next()).id).toBe(9002);
});

test("names that senders chose drive no terminal", async () => {
  const system = makeSystem();
  system.put("agents/concierge/inbox/\u001b[31m\u202ex.task", "x");
  const { ask, next } = start(system);
  await next();
  ask(1, "list_tasks", {});
  const answer = await next();
  expect(textOf(answer)).toContain("u001b[31m");
  expect(JSON.parse(textOf(answer)).tasks[0].id).not.toMatch(/[\u001b\u202e]/);
});

test("many calls at once are all answered, some with a word that there are too many", async () => {
  const system = makeSystem();
  system.put("agents/concierge/inbox/waits.task", "x");
  const { ask, next, child, ended } = start(system);
  await next();
  for (let id = 1; id <= 300; id++) ask(id, "follow_task", { id: "waits", wait_seconds: 600 });
  const refused = new Set<number | null>();
  while (refused.size < 300 - 64) {
    const answer = await next();
    expect(textOf(answer)).toContain("64 calls are being done");
    refused.add(answer.id);
  }
  child.stdin?.end();
  for (let count = 0; count < 64; count++) expect(textOf(await next())).toContain("pending");
  expect((await ended).code).toBe(0);
});

test("an input that is cut in a line gives no task, and an output that nobody reads no noise", async () => {
  const system = makeSystem();
  const cut = start(system);
  await cut.next();
  cut.write('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"deliver_task","argu');
  cut.child.stdin?.end('ments":{"text":"x"}}}');
  expect(await cut.ended).toEqual({ code: 0, said: "" });
  expect(inbox(system)).toEqual([]);
  const deaf = start(system);
  await deaf.next();
  deaf.child.stdout?.destroy();
  for (let id = 1; id <= 20; id++) deaf.ask(id, "list_agents", {});
  expect(await deaf.ended).toEqual({ code: 0, said: "" });
});
