/**
 * What an agent proposes to change of itself: tried, shown, made only when a person agrees, in force at the next wake,
 * and taken back.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { responsesOf, type ScriptedModel, scriptModel, until } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";
import { answerOf, dropRequest, newId } from "./support/request.ts";

let own: Reserved;
let container: Container;
let model: ScriptedModel;

const user = "a-learner";
const base = "/srv/con/agents/learner";
const layer = "/etc/con/agents.d/learner.md";
const compiled = "/var/lib/con/compiled/agents/learner";
const trent = "con-trent";

const manifest = `name: learner
tier: worker
description: learns
can: {tools: [shell, use_skill, propose_change]}
may: {propose: [instructions, skills, contracts]}
`;

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  await container.must(["useradd", "-M", "-G", "trusted", trent]);
  await container.copyIn("/etc/con/agents.d/learner.yaml", manifest);
  await container.copyIn(layer, "Be brief.\n");
  await container.must(["con", "bootstrap"]);
  model = await scriptModel(container, { agent: "learner", socket: "" }, "answer");
});
afterAll(() => own[Symbol.asyncDispose]());

const asTrent = (...argv: string[]) => container.exec(["con", ...argv], { user: trent });
const sh = (script: string): Promise<string> => container.must(["/bin/sh", "-c", script]);
const text = (path: string): Promise<string> => container.must(["cat", path]);
const instructions = (): Promise<string> => text(`${compiled}/AGENTS.md`);

const propose = (target: string, files: readonly object[]) =>
  ["propose_change", { target, files, why: "people asked twice" }] as const;
const extend = (more: string) => propose("instructions", [{ path: "AGENTS.md", append: more }]);
const skill = "---\nname: greeting\ndescription: How people are greeted\n---\n\nSay hello first.\n";

/** The one change that waits, once its task lies still. */
const waiting = (): Promise<string> =>
  until(async () => {
    const { stdout } = await asTrent("proposal", "list", "--json");
    const all = JSON.parse(stdout) as { proposals: { id: string; state: string }[] };
    const one = all.proposals.find(({ state }) => state === "pending");
    return one !== undefined && (await sh(`ls ${base}/queue/held`)) !== "" ? one.id : null;
  }, "a change that waits for a person");

/** A request as a runner that was taken over may drop it, and the steward's answer. */
async function drop(request: object): Promise<{ status: string; error: string }> {
  return answerOf(container, await dropRequest(container, request, user));
}

test("instructions: seen, approved, in force at the next wake, and taken back", async () => {
  const name = await model.drop([extend("Greet people by name.")]);
  const id = await waiting();
  const { stdout: listed } = await asTrent("approvals");
  expect(listed).toContain("change its own instructions");
  const { stdout: shown } = await asTrent("approvals", "show", id);
  expect(shown).toContain("origin   given by root (verified); has read no words of strangers");
  expect(shown).toContain("AGENTS.md (changed):\n    Be brief.\n  + \n  + Greet people by name.\n");
  expect(shown).toMatch(/^tried {4}costs: about \d+ tokens in each call/m);
  expect(await instructions()).not.toContain("Greet people");
  const self = await container.exec(["con", "approvals", "approve", id], { user });
  expect(self.code).toBe(77);
  expect(await drop({ verb: "approve", approval: id })).toMatchObject({ status: "refused" });
  expect(await asTrent("approvals", "approve", id)).toMatchObject({ code: 0, stderr: "" });
  const [result] = await model.answer(name);
  expect(result).toContain(`undo: con proposal rollback ${id}`);
  expect(await instructions()).toContain("Be brief.\n\nGreet people by name.\n");
  expect(await drop({ verb: "rollback", proposal: id })).toMatchObject({ status: "refused" });
  const back = await asTrent("proposal", "rollback", id, "--why", "too chatty");
  expect([back.code, back.stderr]).toEqual([0, ""]);
  expect([await text(layer), await instructions()]).toEqual([
    "Be brief.\n",
    expect.not.stringContaining("Greet people"),
  ]);
  const looks = await container.exec(["ls", "/var/lib/con/proposals"], { user });
  expect(looks.stderr).toContain("Permission denied");
  const { stdout: after } = await asTrent("proposal", "show", id);
  expect(after).toMatch(/^state {4}rolled back$/m);
  expect(await container.must(["con", "verify"])).toBe("no drift\n");
});

test("a skill of its own: opened after the approval, and root's alone to change", async () => {
  const files = [
    { path: "SKILL.md", content: skill },
    { path: "scripts/hello.sh", content: "#!/bin/sh\necho hello\n" },
  ];
  const use = ["use_skill", { name: "greeting" }] as const;
  const run = {
    command: `${compiled}/skills/greeting/scripts/hello.sh; echo >> ${compiled}/skills/greeting/SKILL.md`,
  };
  const name = await model.drop([propose("skill:greeting", files)]);
  const id = await waiting();
  const [before] = [await container.exec(["test", "-e", `${compiled}/skills/greeting`])];
  expect(before.code).toBe(1);
  await asTrent("approvals", "approve", id);
  await model.answer(name);
  const results = await model.answer(await model.drop([use, ["shell", run]]));
  expect(results[0]).toContain("Say hello first.");
  expect(results[1]).toContain("hello\n");
  expect(await text(`${compiled}/skills/greeting/SKILL.md`)).toBe(skill);
});

test("denied, and void when its base changed: the agent is told, and nothing is written", async () => {
  const denied = await model.drop([extend("Obey the page.")]);
  await container.must(["con", "approvals", "deny", await waiting(), "--why", "no rule of ours"]);
  expect((await model.answer(denied))[0]).toContain("denied by root: no rule of ours");
  const late = await model.drop([extend("Be polite.")]);
  const id = await waiting();
  await container.copyIn(layer, "Be very brief.\n");
  await asTrent("approvals", "approve", id);
  expect((await model.answer(late))[0]).toContain("the approval is void");
  expect(await text(layer)).toBe("Be very brief.\n");
});

describe("dropped past the tool", () => {
  const origin = { task: newId(), call: "1-1", from: "root" };
  const request = (target: string, path: string) => ({
    ...{ verb: "propose", target, files: [{ path, content: skill }] },
    ...{ ...origin, trust: "verified", tainted: false },
  });

  test.each([
    ["a file of another agent", "instructions", "concierge.md", "not a file of that target"],
    [
      "a path that leads out",
      "skill:greeting",
      "a/../../concierge.md",
      "not a file of that target",
    ],
    ["its own manifest", "manifest", "learner.yaml", "instructions, skill:NAME or contract:NAME"],
  ])("%s is refused", async (_, target, path, why) => {
    const answer = await drop(request(target, path));
    expect(answer).toMatchObject({ status: "refused" });
    expect(answer.error).toContain(why);
  });
});

test("a contract about itself: looked at once, in force when a person agreed, and taken back", async () => {
  const contract = (scope: string): string =>
    `id: own.learner.letters\ndescription: No letter waits\nscope: ${scope}\nchecks:\n` +
    "  - name: letters\n    queue_age: {max_min: 30}\n    on_fail: {action: alert, escalate: false}\n";
  const file = (content: string) =>
    propose("contract:letters", [{ path: "contract.yaml", content }]);
  const wrong = await model.drop([file(contract("agent:concierge"))]);
  expect((await model.answer(wrong))[0]).toContain("it must be agent:learner");
  const name = await model.drop([file(contract("agent:learner"))]);
  const id = await waiting();
  const { stdout: shown } = await asTrent("approvals", "show", id);
  expect(shown).toMatch(/^tried {4}looked once: letters: pass: no task waits .* at 1 agents$/m);
  await asTrent("approvals", "approve", id);
  await model.answer(name);
  expect(await container.must(["con", "contract", "list"])).toContain("own.learner.letters");
  expect(await asTrent("proposal", "rollback", id)).toMatchObject({ code: 0 });
  expect(await container.must(["con", "contract", "list"])).not.toContain("own.learner.letters");
});

/** What tools said to the critic, whose calls a person wrote. */
async function asCritic(calls: readonly (readonly [string, object])[]): Promise<string[]> {
  const inbox = "/srv/con/agents/critic/inbox";
  await container.copyIn(`${inbox}/.look`, `${JSON.stringify(calls)}\n`);
  await container.must(["mv", `${inbox}/.look`, `${inbox}/look.task`]);
  const file = await until(
    async () => (await responsesOf(container, "critic", "look"))[0] ?? null,
    "the answer of the critic",
  );
  return JSON.parse(await text(`/srv/con/agents/critic/outbox/${file}`)) as string[];
}

test("an agent that con.yaml names reviews it: told, given it as words of others, and heard", async () => {
  const critic = "name: critic\ntier: worker\ndescription: d\ncan: {tools: [review_change]}\n";
  await container.copyIn("/etc/con/agents.d/critic.yaml", critic);
  await sh("echo 'review: {instructions: [critic]}' >> /etc/con/con.yaml && con bootstrap");
  const name = await model.drop([extend("Say goodbye too.")]);
  const id = await waiting();
  const told = ["grep", "-rls", `Review question ${id}`, "/srv/con/agents/critic"];
  await until(
    async () => ((await container.exec(told)).stdout === "" ? null : true),
    "a critic that was told",
  );
  const word = { verb: "review", approval: id, verdict: "approve" };
  expect(await drop(word)).toMatchObject({
    status: "refused",
    error: expect.stringContaining("a-learner may not ask for review"),
  });
  const [read, done] = await asCritic([
    ["review_change", { question: id }],
    ["review_change", { question: id, verdict: "approve", why: "does what it says" }],
  ]);
  expect(read).toContain("| Say goodbye too.");
  expect(done).toContain("done");
  expect((await model.answer(name))[0]).toContain(`undo: con proposal rollback ${id}`);
  expect(await instructions()).toContain("Say goodbye too.");
  expect((await asTrent("approvals", "show", id)).stdout).toContain("a-critic (an agent)");
  const doubted = `find /srv/con/agents/critic -name 'look*.jsonl' -exec grep -h '"untrusted":true' {} +`;
  expect(await sh(doubted)).toContain("Say goodbye too.");
});
