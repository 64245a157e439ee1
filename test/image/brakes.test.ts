/**
 * A task that makes call after call, and a goal that other agents bring about, in real units: held without a process,
 * gone on with by people's word or by the answers, and told by con trace.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Approval } from "../../src/steward/approvals/types.ts";
import { bootContainer, type Container, type Reserved, repository } from "./support/container.ts";

const port = 18084;
const trent = "con-trent";

let own: Reserved;
let container: Container;

const manifest = (name: string, can: string, more: readonly string[] = []): string =>
  [
    `name: ${name}`,
    "tier: worker",
    "description: d",
    "model: smart",
    `can: ${can}`,
    ...more,
    "",
  ].join("\n");
const manifests = {
  busy: manifest("busy", "{tools: [shell]}", ["limits: {review_every: 2, ask_after: 3}"]),
  boss: manifest("boss", "{tools: [plan_goal, run_batch], task: [one, two]}"),
  one: manifest("one", "{tools: [reply]}"),
  two: manifest("two", "{tools: [reply]}"),
};

const calls = (name: string, args: object) => ({ tool_calls: [{ name, arguments: args }] });
const count = calls("shell", { command: "echo line >> ran" });
const part = (id: string, agent: string, depends_on: readonly string[]) => ({
  ...{ id, agent, depends_on, task: `do part ${id}`, deadline: "10min" },
});
const summary = "Three of five lines are written. Go on?";

const script = [
  { when: "Write for that", turns: Array.from({ length: 9 }, () => ({ text: summary })) },
  { when: "write five lines", turns: [count, count, count, count, count, { text: "All five." }] },
  { when: "do part second", turns: [{ text: "beta found" }] },
  // Long enough to be killed within.
  { when: "do part first", turns: [{ text: "alpha found", delay_ms: 3000 }] },
  {
    when: "reach it",
    turns: [
      calls("plan_goal", {
        ...{ goal: "know both", final: "both words" },
        parts: [part("first", "one", []), part("second", "two", ["first"])],
      }),
      calls("run_batch", {}),
      calls("run_batch", {}),
      { text: "alpha and beta" },
    ],
  },
  { when: "", turns: [{ text: "ready" }] },
];

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  await container.must(["useradd", "-M", "-G", "trusted", trent]);
  for (const [name, text] of Object.entries(manifests))
    await container.copyIn(`/etc/con/agents.d/${name}.yaml`, text);
  await container.must(["con", "bootstrap"]);
  const server = await readFile(join(repository, "test/support/scripted-model.ts"));
  await container.copyIn("/run/brake-model.ts", server);
  await container.copyIn("/run/brake-script.json", JSON.stringify(script));
  const argv = ["/usr/bin/node", "/run/brake-model.ts", "--port", String(port)];
  await container.must([
    ...["systemd-run", "--quiet", "--unit=brake-model", ...argv],
    ...["--script", "/run/brake-script.json", "--log", "/run/brake-requests.jsonl"],
  ]);
  const url = `http://127.0.0.1:${port}/v1`;
  await container.must(["con", "model", "use", "scripted/scripted-1", "--base-url", url]);
});
afterAll(() => own[Symbol.asyncDispose]());

const sh = (line: string): Promise<string> => container.must(["/bin/sh", "-c", line]);
/** Waits, inside the container, until `condition` holds. */
const until = (condition: string): Promise<string> =>
  sh(`n=0; until ${condition}; do n=$((n+1)); [ $n -le 600 ] || exit 9; sleep 0.1; done`);
const home = (agent: string): string => `/srv/con/agents/${agent}`;

async function send(agent: string, text: string): Promise<string> {
  return (await container.must(["con", "task", "-a", agent, text])).trim();
}

/** No process of the agent is left by then. */
async function isHeld(agent: string, task: string): Promise<void> {
  await until(`[ -e ${home(agent)}/queue/held/${task}.task ]`);
  await until(`[ "$(systemctl is-active con@${agent}.service)" = inactive ]`);
}

async function question(task: string): Promise<Approval> {
  await until(`con approvals list --json | grep -q '${task}'`);
  await isHeld("busy", task);
  const text = await container.must(["con", "approvals", "list", "--json"]);
  const { approvals } = JSON.parse(text) as { approvals: Approval[] };
  const found = approvals.filter(({ subject }) => "task" in subject && subject.task === task);
  expect(found).toHaveLength(1);
  return found[0] as Approval;
}

async function answer(agent: string, task: string): Promise<string> {
  await until(`[ -e ${home(agent)}/outbox/${task}.json ]`);
  return sh(`cat ${home(agent)}/outbox/${task}.response`);
}

const lines = async (): Promise<string> =>
  (await sh(`wc -l < ${home("busy")}/workspace/ran`)).trim();

test("after so many calls people decide, read the summary, and their word is heard", async () => {
  const task = await send("busy", "write five lines");
  const { id } = await question(task);
  expect(await lines()).toBe("3");
  const list = await container.must(["con", "approvals"], { user: trent });
  expect(list).toContain(`go on with task ${task}`);
  const shown = await container.must(["con", "approvals", "show", id], { user: trent });
  expect(shown).toContain(`3 tool calls so far. ${summary}`);
  const own = await container.exec(["con", "approvals", "approve", id], { user: "a-busy" });
  expect(own.code).not.toBe(0);
  expect(await lines()).toBe("3");
  await container.must(["con", "approvals", "approve", id, "--why", "only five"], { user: trent });
  expect(await answer("busy", task)).toBe("All five.\n");
  expect(await lines()).toBe("5");
  const asked = await sh(`grep 'write five lines' /run/brake-requests.jsonl | tail -n 1`);
  expect(asked).toContain(`approved by ${trent}: only five`);
  expect(asked.match(/Look back/g)).toHaveLength(2);
  const trace = await container.must(["con", "trace", task]);
  for (const text of ["told to look back", `where it stands: ${summary}`, "people let it go on"])
    expect(trace).toContain(text);
});

test("denied: the task ends with its summary, and makes no further call", async () => {
  await sh(`rm ${home("busy")}/workspace/ran`);
  const task = await send("busy", "write five lines");
  const { id } = await question(task);
  const deny = ["con", "approvals", "deny", id, "--why", "leads nowhere"];
  await container.must(deny, { user: trent });
  const text = await answer("busy", task);
  expect(text).toContain(`stopped after 3 tool calls: denied by ${trent}: leads nowhere`);
  expect(text).toContain(summary);
  expect(await lines()).toBe("3");
});

test("a goal is reached by parts, over a part that was killed, and con trace shows the graph", async () => {
  const task = await send("boss", "reach it");
  await isHeld("boss", task);
  await until(`[ "$(systemctl is-active con@one.service)" = active ]`);
  expect(await container.must(["con", "trace", task])).toMatch(
    /- first \(one\): asked until .*\n- second \(two, after first\): waiting/,
  );
  await container.exec(["systemctl", "kill", "--signal=KILL", "con@one.service"]);
  expect(await answer("boss", task)).toBe("alpha and beta\n");
  const asked = await sh(`grep 'You are .two., an' /run/brake-requests.jsonl | head -n 1`);
  expect(asked).toContain("alpha found");
  const trace = JSON.parse(await container.must(["con", "trace", task, "--json"])) as {
    goal: { parts: { id: string; state: string; attempts: unknown[] }[] };
  };
  expect(trace.goal.parts.map(({ id, state, attempts }) => [id, state, attempts.length])).toEqual([
    ["first", "done", 1],
    ["second", "done", 1],
  ]);
  for (const agent of ["one", "two"])
    expect((await sh(`ls ${home(agent)}/outbox | grep -c 'response$'`)).trim()).toBe("1");
});
