/** Completion checks under the real unit and sandbox: rounds, failure, a killed runner, strangers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { frontDesk, responsesOf, until, type Where } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved, repository } from "./support/container.ts";

const node = "/usr/lib/con/node/bin/node";
const place = "/run/con-test-checks";
const port = "18083";

let own: Reserved;
let container: Container;
let where: Where;

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  where = await frontDesk(container);
});
afterAll(() => own[Symbol.asyncDispose]());

const workspace = (file: string) => `/srv/con/agents/${where.agent}/workspace/${file}`;

interface Answer {
  readonly id: string;
  readonly status: string;
  readonly answer: string;
  readonly record: {
    readonly error: string | null;
    readonly steps: number;
    readonly checks: readonly { name: string; state: string; found: string }[] | null;
  };
}

async function ask(checks: readonly string[], text: string): Promise<Answer> {
  const demands = checks.flatMap((check) => ["--done-when", check]);
  const argv = ["con", "task", "--wait=120", "--json", ...demands, text];
  return JSON.parse((await container.exec(argv)).stdout) as Answer;
}

const answerOnce = async ({ id }: Pick<Answer, "id">) =>
  expect(await responsesOf(container, where.agent, id)).toHaveLength(1);

it("work without a model: builtin/reflex passes, or fails with the evidence", async () => {
  const question = "What agents are running?";
  const good = await ask(["answer_matches: sysadmin", "path_not_exists: none"], question);
  expect(good).toMatchObject({ status: "done", record: { error: null } });
  expect(good.record.checks?.map(({ state }) => state)).toEqual(["pass", "pass"]);
  const bad = await ask(["path_exists: none"], question);
  expect(bad).toMatchObject({ status: "failed", record: { steps: 4 } });
  expect(bad.record.error).toContain("none does not exist");
  await answerOnce(bad);
  const plain = JSON.parse(
    (await container.exec(["con", "task", "--wait=60", "--json", question])).stdout,
  );
  expect(plain).toMatchObject({ status: "done", record: { checks: null } });
});

const write = (path: string, content: string) => ({
  tool_calls: [{ name: "write_file", arguments: { path, content } }],
});

const script = [
  {
    when: "task-mends",
    turns: [{ text: "It is done." }, write("report.md", "# Summary\n"), { text: "Now it is." }],
  },
  { when: "task-insists", turns: [{ text: "It is done." }] },
  { when: "task-killed", turns: [{ text: "It is done." }] },
];

async function useScript(): Promise<void> {
  await container.must(["mkdir", "-p", place]);
  const source = join(repository, "test/support/scripted-model.ts");
  await container.copyIn(`${place}/model.mts`, readFileSync(source));
  await container.copyIn(`${place}/script.json`, JSON.stringify(script));
  await container.copyIn(`${place}/log`, "");
  const model = [node, `${place}/model.mts`, "--port", port, "--script", `${place}/script.json`];
  const argv = [...model, "--log", `${place}/log`];
  await container.must(["systemd-run", "--quiet", "--unit=con-test-checks", ...argv]);
  const url = `http://127.0.0.1:${port}/v1`;
  const greet = ["bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`];
  await until(async () => ((await container.exec(greet)).code === 0 ? true : null), "the model");
  await container.must(["con", "model", "use", "scripted/steps", "--base-url", url]);
}

/** What the model was asked for the task, one text per request: its last message before the one with the time. */
async function asked(word: string): Promise<string[]> {
  const lines = (await container.must(["cat", `${place}/log`])).trim().split("\n");
  return lines
    .map(
      (line) => JSON.parse(line) as { body: { messages?: { role: string; content: unknown }[] } },
    )
    .map(({ body }) => body.messages ?? [])
    .filter((messages) => messages.some(({ content }) => String(content).includes(word)))
    .map((messages) => String(messages.at(-2)?.content));
}

it("give the evidence back until the work is done", async () => {
  await useScript();
  const command =
    'command: {run: "cat report.md; id -un", test: "[[ $RESULT = \\"# Summary\\"* ]]"}';
  const done = await ask(["path_exists: report.md", command], "task-mends");
  expect(done).toMatchObject({ status: "done", record: { error: null, steps: 3 } });
  expect(done.answer.trim()).toBe("Now it is.");
  expect(done.record.checks?.map(({ state }) => state)).toEqual(["pass", "pass"]);
  const [first, second] = await asked("task-mends");
  expect(first).toContain('{"name":"#1 path_exists report.md","path_exists":{"path":"report.md"}}');
  expect(second).toContain("report.md does not exist");
  const story = await container.must(["con", "trace", done.id]);
  expect(story).toMatch(
    /completion checks, round 1, made in \d+ ms: #1 path_exists report.md: fail/,
  );
  expect(story).toMatch(
    /completion checks, round 2, made in \d+ ms: #1 path_exists report.md: pass/,
  );
  expect(await container.must(["con", "show", done.id])).toMatch(
    /check: +pass, #1 path_exists report.md/,
  );
});

it("that never pass make the task fail, with the evidence and one response", async () => {
  const check = "{name: tests, command: {run: echo two of three >&2; exit 7}}";
  const insists = await ask([check], "task-insists");
  expect(insists).toMatchObject({ status: "failed", record: { steps: 3 } });
  expect(insists.record.error).toContain("tests (fail): exit code 7: two of three");
  expect(insists.answer).toContain("exit code 7:\n  two of three");
  expect(insists.record.checks).toMatchObject([{ name: "tests", state: "fail" }]);
  expect(await asked("task-insists")).toHaveLength(3);
  await answerOnce(insists);
});

it("see no more than the agent's own tools do", async () => {
  const state = `/srv/con/agents/${where.agent}/state`;
  const looks = [
    `{name: file, path_exists: ${state}}`,
    `{name: other, path_exists: /srv/con/agents/sysadmin/workspace}`,
    `{name: command, command: {run: ls ${state}}}`,
    "{name: secret, command: {run: cat /etc/shadow}}",
  ];
  const { status, record } = await ask(looks, "task-insists again");
  expect(status).toBe("failed");
  expect(record.checks?.map(({ name, state: verdict }) => [name, verdict])).toEqual([
    ["file", "error"],
    ["other", "error"],
    ["command", "fail"],
    ["secret", "fail"],
  ]);
});

it("are made again after kill -9 in their middle: one answer, no model asked twice", async () => {
  const waits =
    "{command: {run: '[ -e go ] || { touch begun; sleep 300; }', exit_code: 0}, timeout: 10m}";
  const { stdout } = await container.exec(["con", "task", "--done-when", waits, "task-killed"]);
  const id = stdout.trim();
  const there = async (file: string) => (await container.exec(["test", "-e", file])).code === 0;
  await until(async () => ((await there(workspace("begun"))) ? true : null), "the check");
  await container.must(["touch", workspace("go")]);
  await container.must(["systemctl", "kill", "--signal=KILL", `con@${where.agent}.service`]);
  const outbox = `/srv/con/agents/${where.agent}/outbox/${id}`;
  await until(async () => ((await there(`${outbox}.json`)) ? true : null), "the answer");
  const record = JSON.parse(await container.must(["cat", `${outbox}.json`]));
  expect(record).toMatchObject({ status: "done", steps: 1, attempts: 2 });
  expect(record.checks).toMatchObject([{ state: "pass" }]);
  expect(await asked("task-killed")).toHaveLength(1);
  await answerOnce({ id });
});

it("of a sender who is not verified are refused, and no model is asked", async () => {
  const inbox = "/srv/con/agents/sysadmin/inbox";
  const text = "---\ndone_when:\n  - command: {run: touch owned}\n---\ntask-stranger\n";
  await container.copyIn(`${inbox}/.stranger`, text, 0o644, `a-${where.agent}`);
  await container.must(["mv", `${inbox}/.stranger`, `${inbox}/stranger.task`]);
  const record = await until(async () => {
    const [file] = await responsesOf(container, "sysadmin", "stranger");
    if (file === undefined) return null;
    const path = `/srv/con/agents/sysadmin/outbox/${file.replace(".response", ".json")}`;
    const read = await container.exec(["cat", path]);
    return read.code === 0 ? JSON.parse(read.stdout) : null;
  }, "the refusal");
  expect(record).toMatchObject({ status: "failed", trust: "unverified", steps: 0, checks: null });
  expect(record.error).toContain("not verified");
  expect(await asked("task-stranger")).toEqual([]);
});

it("that cannot be read make the task malformed, with a reason", async () => {
  const inbox = `/srv/con/agents/${where.agent}/inbox`;
  await container.copyIn(`${inbox}/.odd`, "---\ndone_when: [{path_exist: a}]\n---\nx\n");
  await container.must(["mv", `${inbox}/.odd`, `${inbox}/odd.task`]);
  const file = await until(
    async () => (await responsesOf(container, where.agent, "odd"))[0] ?? null,
    "the refusal",
  );
  const said = await container.must(["cat", `/srv/con/agents/${where.agent}/outbox/${file}`]);
  expect(said).toContain('done_when[0] has the unknown key "path_exist"');
});

it("run no command at an agent without the tool shell", async () => {
  const argv = ["con", "task", "-a", "strategist", "--wait=60", "--json"];
  const demand = ["--done-when", "command: {run: touch owned}"];
  const { stdout, code } = await container.exec([...argv, ...demand, "task-no-shell"]);
  expect(code).toBe(1);
  const { record } = JSON.parse(stdout) as Answer;
  expect(record).toMatchObject({ steps: 0, checks: null });
  expect(record.error).toContain("no tool shell");
});
