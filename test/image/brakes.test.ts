/**
 * A task that makes call after call, and a goal that other agents bring about, in real units: held without a process,
 * gone on with by people's word or by the answers, and told by con trace.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Approval } from "../../src/steward/approvals/types.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";
import { startProvider, useProvider } from "./support/scripted.ts";

const port = 18084;
const requests = "/run/brake-requests.jsonl";
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
const brakes = ["limits: {review_every: 2, ask_after: 3}"];
const manifests = {
  busy: manifest("busy", "{tools: [shell]}", [...brakes, "approval: [continue]"]),
  plain: manifest("plain", "{tools: [shell]}", brakes),
  boss: manifest("boss", "{tools: [plan_goal, run_batch], task: [one, two]}"),
  one: manifest("one", "{tools: [reply], task: [plain]}"),
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
  { when: "write nine lines", turns: Array.from({ length: 9 }, () => count) },
  { when: "do part second", turns: [{ text: "beta found" }] },
  // Long enough to be killed within, at the first time.
  {
    when: "do part first",
    turns: [{ attempts: [{ text: "alpha found", delay_ms: 60_000 }, { text: "alpha found" }] }],
  },
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
  await startProvider(container, { name: "brake", port, script, log: requests });
  await useProvider(container, port);
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
  const asked = await sh(`grep 'write five lines' ${requests} | tail -n 1`);
  expect(asked).toContain(`approved by ${trent}: only five`);
  expect(asked.match(/Look back/g)).toHaveLength(2);
  const trace = await container.must(["con", "trace", task]);
  for (const text of ["told to look back", `where it stands: ${summary}`, "people let it go on"])
    expect(trace).toContain(text);
});

/** Drops a yes to `id` into the inbox of `plain`, as `user`. */
async function sayYes(user: string, id: string): Promise<void> {
  const file = `${home("plain")}/inbox/by-${user}.task`;
  const body = `---\nreply_to: "${id}"\nanswer_of: person\n---\ndone\nas you like`;
  await container.must(["/bin/sh", "-c", `cat > ${file}`], { user, input: body });
}

/** What became of it. */
async function fate(user: string): Promise<string> {
  const file = `${home("plain")}/outbox/by-${user}-*.response`;
  await until(`[ -e ${file} ]`);
  return sh(`cat ${file}`);
}

const asTrent = (...argv: string[]): Promise<string> =>
  container.must(["con", ...argv], { user: trent });

async function ownQuestion(task: string): Promise<{ id: string; question: string }> {
  await isHeld("plain", task);
  const shown = JSON.parse(await asTrent("show", task, "--json"));
  expect(shown).toMatchObject({ state: "held", agent: "plain", question: { task } });
  return shown.question;
}

const linesOf = async (agent: string): Promise<number> =>
  Number(await sh(`wc -l < ${home(agent)}/workspace/ran`));

test("an agent without any way to the steward is held as well, and hears a person alone", async () => {
  const touch = ["touch", "/srv/con/steward/inbox/x"];
  expect((await container.exec(touch, { user: "a-plain" })).code).not.toBe(0);
  const task = await send("plain", "write nine lines");
  const { id, question } = await ownQuestion(task);
  expect(question).toBe(`3 tool calls so far. ${summary}`);
  expect(await asTrent("status", "plain")).toContain(`con approvals show ${id}`);
  expect(await asTrent("approvals")).toMatch(new RegExp(`${id} +pending +plain +go on with task`));
  expect(await asTrent("approvals", "show", id)).toContain(summary);
  // Forged by an agent that may give it tasks, and by the agent itself: kept, and not run.
  const forgers = ["a-one", "a-plain"];
  for (const user of forgers) await sayYes(user, id);
  for (const user of forgers) expect(await fate(user)).toContain("Nothing waited");
  expect(await sh(`ls ${home("plain")}/queue/held`)).toContain(`${task}.task`);
  expect(await linesOf("plain")).toBe(3);
  // The same from a person.
  await sayYes(trent, id);
  expect(await fate(trent)).toContain("Taken as the answer");
  const next = await ownQuestion(task);
  expect(next.id).not.toBe(id);
  expect(await linesOf("plain")).toBe(6);
  const asked = await sh(`grep 'write nine lines' ${requests} | tail -n 1`);
  expect(asked).toContain(`approved by ${trent}: as you like`);
  await asTrent("approvals", "deny", next.id, "--why", "leads nowhere");
  const text = await answer("plain", task);
  expect(text).toContain(`stopped after 3 tool calls: denied by ${trent}: leads nowhere`);
  expect(text).toContain(summary);
  expect(await linesOf("plain")).toBe(6);
  expect(await asTrent("approvals")).not.toContain("plain");
});

test("a goal is reached by parts, over a part that was killed, and con trace shows the graph", async () => {
  const task = await send("boss", "reach it");
  await isHeld("boss", task);
  await until(`grep -q 'You are .one., an' ${requests}`);
  expect(await container.must(["con", "trace", task])).toMatch(
    /- first \(one\): asked until .*\n- second \(two, after first\): waiting/,
  );
  await container.exec(["systemctl", "kill", "--signal=KILL", "con@one.service"]);
  expect(await answer("boss", task)).toBe("alpha and beta\n");
  const asked = await sh(`grep 'You are .two., an' ${requests} | head -n 1`);
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
