/**
 * Programs as runners under the real units: a task's text in, an answer out, by the queue and with the fates of any task;
 * a coding agent's stand-in that reaches its models at a loopback address; graphics processors for those who have them.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { frontDesk, until } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved, repository } from "./support/container.ts";
import { ledgerRows, startProvider, useProvider } from "./support/scripted.ts";

const port = 18093;
const usage = { prompt_tokens: 50, completion_tokens: 7 };
const bash = (command: string) => ({
  tool_calls: [{ name: "bash", arguments: { command } }],
  usage,
});
const script = [
  {
    when: "make a file",
    turns: [bash("echo made >made.txt; echo yes"), { text: "I made it.", usage }],
  },
  { when: "", turns: [{ text: "ready", usage }] },
];

let own: Reserved;
let container: Container;

const program = "/usr/local/lib/con-exec-program";
const manifest = (name: string, more: string): string =>
  `name: ${name}\ntier: worker\ndescription: d\nmodel: smart\n${more}\n`;

async function put(from: string, to: string): Promise<void> {
  await container.copyIn(to, await readFile(join(repository, "test/image/scripted", from)), 0o755);
}

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  const { socket } = await frontDesk(container);
  await put("exec-program.sh", program);
  await put("coding-agent.mjs", "/usr/local/bin/claude");
  // Stands in for a graphics processor; what is written to it finds no space.
  await container.must(["mknod", "--mode=0660", "/dev/nvidia0", "c", "1", "7"]);
  await container.must(["chgrp", "video", "/dev/nvidia0"]);
  const runner = `runner: {exec: [${program}, ${socket}]}`;
  const agents = {
    worm: manifest("worm", runner),
    seer: manifest("seer", `${runner}\ngpu: true`),
    coder: manifest("coder", "runner: {preset: claude-code}"),
    // In the network of the machine, where packet rules decide.
    rover: manifest("rover", "runner: {preset: claude-code}\ncan: {network: ['192.0.2.1:443']}"),
  };
  for (const [name, text] of Object.entries(agents))
    await container.copyIn(`/etc/con/agents.d/${name}.yaml`, text);
  await startProvider(container, { name: "exec", port, script, log: "/run/exec-requests.jsonl" });
  await useProvider(container, port, "smart");
  await container.must(["con", "bootstrap"]);
});
afterAll(() => own[Symbol.asyncDispose]());

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly answer: string | null;
  readonly record: {
    readonly status: string;
    readonly error: string | null;
    readonly steps: number;
    readonly tokens: { readonly input: number; readonly output: number };
  } | null;
}

async function ask(agent: string, text: string): Promise<string> {
  const sent = await container.must(["con", "task", "--json", `--agent=${agent}`, text]);
  return (JSON.parse(sent) as { id: string }).id;
}

const reached = (id: string, ...states: readonly string[]): Promise<Shown> =>
  until(
    async () => {
      const found = await container.exec(["con", "show", "--json", id]);
      if (found.code !== 0) return null;
      const shown = JSON.parse(found.stdout) as Shown;
      return states.includes(shown.state) ? shown : null;
    },
    `${id} ${states.join(" or ")}`,
  );

const ends = ["done", "failed", "cancelled"];
const told = async (agent: string, text: string): Promise<Shown> =>
  reached(await ask(agent, text), ...ends);

const survivors = async (agent: string): Promise<string> =>
  (await container.exec(["pgrep", "-u", `a-${agent}`, "-x", "sleep"])).stdout;

/** All that it starts have become what they are; its mark comes before that. */
const threeSleep = () =>
  until(
    async () => ((await survivors("worm")).trim().split("\n").length === 3 ? true : null),
    "three that sleep",
  );

test("reads the framed task and its facts, and prints the answer", async () => {
  const { id, state, answer, record } = await told("worm", "do echo of <<<task 0123456789abcdef");
  expect([state, record?.error]).toEqual(["done", null]);
  expect(answer).toContain(`worm root verified ${id}`);
  expect(answer).toMatch(
    /^<<<task [0-9a-f]{32}\n\{"id":.*"trust":"verified".*\}\ndo echo of <<<task/m,
  );
  expect(answer).not.toContain("first word of a log");
  expect(await container.must(["con", "trace", id])).toContain("first word of a log");
  await container.must(["journalctl", "--sync"]);
  const log = await container.must(["journalctl", "--unit=con@worm.service", "--output=cat"]);
  expect(log).toContain("first word of a log");
});

test("its exit code is the fate of the task", async () => {
  const failed = await told("worm", "do fail");
  expect(failed.record).toMatchObject({ status: "failed" });
  expect(failed.answer).toContain(
    "its program ended with exit code 3: the disk of the moon is full",
  );
  const died = await told("worm", "do die");
  expect(died.answer).toContain("its program was killed by signal 11");
  const flood = await told("worm", "do flood");
  expect(flood.answer).toContain("printed more than 1000000 bytes");
  const later = await ask("worm", "do defer");
  await reached(later, "deferred");
  expect(await container.must(["con", "trace", later])).toContain("not before noon");
  await container.must(["con", "cancel", later]);
  await reached(later, "cancelled");
});

test("con cancel leaves no process of it", async () => {
  const id = await ask("worm", "do hang");
  const mark = "/srv/con/agents/worm/workspace/hanging";
  await until(
    async () => ((await container.exec(["test", "-e", mark])).code === 0 ? true : null),
    mark,
  );
  await threeSleep();
  await container.must(["con", "cancel", id]);
  await reached(id, "cancelled");
  expect(await survivors("worm")).toBe("");
});

test("a runner that is killed starts its program again", async () => {
  await container.must(["rm", "/srv/con/agents/worm/workspace/hanging"]);
  const id = await ask("worm", "do hang");
  const mark = "/srv/con/agents/worm/workspace/hanging";
  const begun = () =>
    until(async () => ((await container.exec(["rm", mark])).code === 0 ? true : null), mark);
  await begun();
  await container.must(["systemctl", "kill", "--signal=SIGKILL", "con@worm.service"]);
  await begun();
  await threeSleep();
  await container.must(["con", "cancel", id]);
  await reached(id, "cancelled");
  const trace = await container.must(["con", "trace", id]);
  expect(trace.split("attempt begins")).toHaveLength(3);
});

test("sees its workspace and nothing else, and nothing of it survives", async () => {
  const { answer } = await told("worm", "do attack");
  expect(Object.fromEntries((answer ?? "").split("\n").map((line) => line.split(" ")))).toEqual({
    workspace: "yes",
    ...{ state: "no", inbox: "no", queue: "no", other: "no", gateway: "no" },
    ...{ configuration: "no", compiled: "no", device: "no", read_device: "no", secret: "no" },
    processes: "few",
  });
  expect(await survivors("worm")).toBe("");
});

test("a graphics processor is there for the agent that has it, and for no other", async () => {
  const { answer } = await told("seer", "do attack");
  expect(answer).toContain("device yes\nread_device yes");
  const node = ["head", "-c", "1", "/dev/nvidia0"];
  expect((await container.exec(node, { user: "a-worm" })).stderr).toContain("Permission denied");
  const status = JSON.parse(await container.must(["con", "status", "--json"])) as {
    agents: { name: string; gpu: boolean; runner: string }[];
  };
  const gpus = status.agents.filter(({ gpu }) => gpu).map(({ name }) => name);
  expect(gpus).toEqual(["seer"]);
});

test.each([
  ["Anthropic's format", "coder", "please make a file"],
  ["OpenAI's format", "coder", "please make a file by openai"],
  ["OpenAI's responses", "coder", "please make a file by responses"],
  ["Google's format", "coder", "please make a file by google"],
  ["Anthropic's format and with a network", "rover", "please make a file"],
])("a coding agent's stand-in works by %s, on the agent's account", async (_, agent, text) => {
  const { id, answer, record } = await told(agent, text);
  expect(answer?.trim()).toBe("I made it.");
  expect(record).toMatchObject({ steps: 2, tokens: { input: 100, output: 14 } });
  const made = `/srv/con/agents/${agent}/workspace/made.txt`;
  expect(await container.must(["cat", made])).toBe("made\n");
  const rows = await ledgerRows(container, id);
  expect(rows).toMatchObject(
    [1, 2].map(() => ({ agent, alias: "smart", status: 200, input_tokens: 50 })),
  );
  expect(await container.must(["con", "trace", id])).toContain("program asked model");
});

test("models answer only to the token of the task, and only as models", async () => {
  const { answer } = await told("coder", "do attack");
  expect(answer?.trim().split("\n")).toEqual([
    "without 401",
    "wrong 401",
    "audit 404",
    "ungranted 404",
    "granted 200",
  ]);
});

test("a runner that is killed leaves neither its program nor the way to its models", async () => {
  const id = await ask("coder", "do hang");
  const mark = "/srv/con/agents/coder/workspace/hanging";
  const begun = () =>
    until(async () => ((await container.exec(["rm", mark])).code === 0 ? true : null), mark);
  const count = async (...pattern: readonly string[]): Promise<number> => {
    const { stdout } = await container.exec(["pgrep", "-u", "a-coder", ...pattern]);
    return stdout.split("\n").filter((line) => line !== "").length;
  };
  const left = async () => [await count("-x", "sleep"), await count("-f", " loopback$")];
  await begun();
  await container.must(["systemctl", "kill", "--signal=SIGKILL", "con@coder.service"]);
  await begun();
  const [sleeps, relays = 0] = await left();
  expect([sleeps, relays > 0]).toEqual([1, true]);
  await container.must(["con", "cancel", id]);
  await reached(id, "cancelled");
  expect(await left()).toEqual([0, 0]);
  const sockets = "ls /proc/[0-9]*/root/tmp/con-models-*/socket 2>/dev/null | wc -l";
  expect((await container.must(["sh", "-c", sockets])).trim()).toBe("0");
});
