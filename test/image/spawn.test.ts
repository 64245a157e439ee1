/**
 * Temporary agents in the booted system: real users, units, access lists and packet rules, with a scripted model behind
 * the real gateway. Afterwards nothing of them is left.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Spawn } from "../../src/host/children/types.ts";
import { childUids } from "../../src/host/ids.ts";
import { frontDesk, type ScriptedModel, scriptModel, until } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;
let boss: ScriptedModel;
let before = "";

const shared = "/srv/con/artifacts/boss";

const files: Readonly<Record<string, string>> = {
  "agents.d/boss.yaml": `name: boss
tier: worker
description: lets others work
can:
  read: [/srv/con/artifacts/pub/**]
  write: [${shared}/**]
  tools: [shell, {list_files: {uses: 3}}]
  spawn: {roles: [scout, lister, poor, chief], depth: 2, live: 4}
`,
  "agents.d/asker.yaml": `name: asker
tier: worker
description: asks people before
can: {tools: [shell], spawn: {roles: [poor]}}
approval: [spawn_agent]
`,
  "roles/scout/role.yaml": `description: looks and writes
can: {read: ["*"], write: ["*"], tools: [shell]}
`,
  "roles/lister/role.yaml": `description: lists files
can: {tools: [list_files]}
`,
  "roles/poor/role.yaml": `description: has nothing but a shell
can: {tools: [shell]}
limits: {memory: 512M}
`,
  "roles/chief/role.yaml": `description: lets others work in its turn
can: {tools: [shell], spawn: {roles: [poor, chief], depth: 5, live: 4}}
`,
};

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  for (const role of ["scout", "lister", "poor", "chief"])
    await container.must(["mkdir", "-p", `/etc/con/roles/${role}`]);
  for (const [name, text] of Object.entries(files))
    await container.copyIn(`/etc/con/${name}`, text);
  expect(await con("bootstrap")).toMatchObject({ code: 0 });
  const { socket } = await frontDesk(container);
  boss = await scriptModel(container, { agent: "boss", socket }, "answer");
  await container.must(["sh", "-c", `echo mine > ${shared}/mine; chown a-boss: ${shared}/mine`]);
  before = await everything();
});
afterAll(() => own[Symbol.asyncDispose]());

const con = (...argv: string[]) => container.exec(["con", ...argv]);
const sh = (script: string, user?: string): Promise<string> =>
  container.must(["/bin/sh", "-c", script], user === undefined ? {} : { user });

const ofChildren = `-uid +${childUids.first - 1} -uid -${childUids.last + 1}`;

/** All that could be left of an agent: users, folders, access, units, rules. */
const everything = (): Promise<string> =>
  sh(`getent passwd; getent group; ls -R /srv/con/agents /srv/con/archive | grep spawn- || true
    ls /srv/con/agents /var/lib/con/reach /run/con/bell /run/con/ended /var/lib/con/compiled/agents
    ls /var/lib/con/children | grep -v last-uid || true
    ls /run/systemd/system | grep -v con-canary; getfacl -pn /srv/con/agents/*/inbox /srv/con/steward/inbox ${shared}
    systemctl list-units --all --plain --no-legend 'con@spawn*' 'con-bell@spawn*'
    nft list ruleset | sed 's/counter packets [0-9]* bytes [0-9]*//'
    find / -xdev ${ofChildren} 2>/dev/null; find /run /tmp /dev/shm -ignore_readdir_race -path /run/con-proc -prune -o ${ofChildren} -print`);

const child = (goal: readonly unknown[], rest: object = {}) => ({
  ...{ role: "poor", goal: JSON.stringify(goal) },
  ...rest,
});
const spawn = (goal: readonly unknown[], rest: object = {}) =>
  ["spawn_agent", child(goal, rest)] as const;

const records = async (): Promise<Spawn[]> => {
  const text = await sh("cat /var/lib/con/children/*.json 2>/dev/null || true");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Spawn);
};

/** Names of children that run, as soon as there are as many. */
const living = (count: number): Promise<string[]> =>
  until(async () => {
    const all = (await records()).flatMap(({ places }) => places);
    const names = all.flatMap(({ child: one }) => (one?.started ? [one.name] : []));
    return names.length === count ? names.sort() : null;
  }, `${count} children`);

const times = async (line: string): Promise<number> =>
  (await boss.log()).filter((one) => one === line).length;

/** As soon as the script has seen so many more. */
const seen = (line: string, count: number) =>
  until(async () => ((await times(line)) >= count ? true : null), line);

async function answerOf(calls: readonly (readonly [string, object])[]): Promise<string[]> {
  return boss.answer(await boss.drop(calls));
}

/** Nothing is left, and nothing drifted. */
async function nothingIsLeft(): Promise<void> {
  // A sweep may leave a mark for one that goes just then; the steward takes it.
  const marks = () => sh("ls /run/con/ended");
  await until(async () => ((await marks()) === "" ? true : null), "the last mark");
  expect(await everything()).toBe(before);
  expect(await con("verify")).toMatchObject({ code: 0 });
}

test("one child works as its own user, and what it wrote to a shared folder is its parent's", async () => {
  const goal = [["shell", { command: `id -un; cat ${shared}/mine; echo new > ${shared}/new` }]];
  const [result = ""] = await answerOf([spawn(goal, { role: "scout" })]);
  const [, name = ""] = /child 1, scout \((spawn-[a-z2-7]{8})\): done/.exec(result) ?? [];
  expect(result).toContain(`a-${name}`);
  expect(result).toContain("mine");
  expect((await sh(`stat -c %U ${shared}/new`)).trim()).toBe("a-boss");
  await sh(`rm ${shared}/new`);
  await nothingIsLeft();
  const logs = await con("logs", "--verify");
  expect([logs.code, logs.stderr]).toEqual([0, ""]);
});

test("the story of the parent's task names the child, though it is gone", async () => {
  const task = await boss.drop([spawn([["shell", { command: "true" }]])]);
  const [result = ""] = await boss.answer(task);
  const [name = ""] = /spawn-[a-z2-7]{8}/.exec(result) ?? [];
  const story = await con("trace", task);
  expect(story.stdout).toMatch(
    new RegExp(`temporary agent ${name}, poor of boss, task \\S+ begins`),
  );
  expect(story.stdout).toMatch(
    new RegExp(`temporary agent ${name}, poor of boss, task \\S+: done`),
  );
  expect(story.stdout).toMatch(new RegExp(`audit: ${name} \\[\\S+\\] task done`));
});

test("three work at the same time: the model has the requests of all of them at once", async () => {
  const children = [1, 2, 3].map(() => child([["@meet", 3]]));
  const met = await times("met 3");
  const [result = ""] = await answerOf([["spawn_agents", { children }]]);
  expect(await times("met 3")).toBe(met + 1);
  for (const at of [1, 2, 3]) expect(result).toContain(`child ${at}, poor (spawn-`);
  expect(result.match(/: done$/gm)).toHaveLength(3);
});

test("a child has what its role leaves of its parent's, and reaches no sibling: the kernel says so", async () => {
  const task = await boss.drop([
    ["spawn_agents", { children: [child([["@hang"]]), child([["@hang"]])] }],
  ]);
  const [one = "", two = ""] = await living(2);
  const tries = (user: string, script: string) =>
    container.exec(["/bin/sh", "-c", script], { user: `a-${user}` });
  expect((await tries("boss", `cat ${shared}/mine`)).stdout).toBe("mine\n");
  expect((await tries(one, `ls /srv/con/agents/${one}/workspace`)).code).toBe(0);
  for (const script of [
    `cat ${shared}/mine`,
    `ls /srv/con/agents/${two}/workspace`,
    `ls /srv/con/agents/${two}/outbox`,
    `echo x > /srv/con/agents/${two}/inbox/x.task`,
    "echo x > /srv/con/agents/boss/inbox/x.task",
    "echo x > /srv/con/steward/inbox/x.json",
    "ls /var/lib/con/children",
    `cat /var/lib/con/compiled/agents/${two}.json`,
  ])
    expect([script, (await tries(one, script)).code === 0]).toEqual([script, false]);
  const list = JSON.parse((await con("agent", "list", "--json")).stdout) as {
    agents: { name: string; parent?: string }[];
  };
  expect(list.agents.filter(({ parent }) => parent === "boss").map(({ name }) => name)).toEqual([
    one,
    two,
  ]);
  await con("agent", "kill", "boss", "--why", "seen enough");
  const [result = ""] = await boss.answer(task);
  expect(result).toContain("boss was killed by root");
  await nothingIsLeft();
});

test("a limited tool goes down with a share only, which is taken from the parent at once", async () => {
  const list = [["list_files", { path: "." }]];
  const use = ["list_files", { path: "." }] as const;
  const [given = "", mine = "", over = ""] = await answerOf([
    spawn(list, { role: "lister", share: { list_files: 2 } }),
    use,
    use,
  ]);
  expect(given).toContain(": done");
  expect(mine).not.toContain("denied");
  expect(over).toContain("denied (used_up)");
  const [more = ""] = await answerOf([spawn(list, { role: "lister", share: { list_files: 1 } })]);
  expect(more).toContain("denied (used_up)");
});

test("a child that fails is made once more, with another name, and then it has failed", async () => {
  const [result = ""] = await answerOf([spawn([["@fail"]])]);
  expect(result).toMatch(/\nfailed\nthe child did not get done/);
  expect(result).toMatch(/child 1, poor \(spawn-[a-z2-7]{8}\): failed at the second attempt/);
  expect(result).toContain("[the first attempt failed: the model refused");
  await nothingIsLeft();
});

test("what a child spends is its parent's too, and its own limit holds", async () => {
  const spent = async () => {
    const status = JSON.parse((await con("status", "--json")).stdout) as {
      agents: { name: string; spend: { tokens: number; with_children: { tokens: number } } }[];
    };
    const { tokens = 0, with_children } =
      status.agents.find(({ name }) => name === "boss")?.spend ?? {};
    return { own: tokens, all: with_children?.tokens ?? 0 };
  };
  const first = await spent();
  // Seven tokens a call: two of the parent, one of the child.
  await answerOf([spawn([["@meet", 1]])]);
  const last = await spent();
  expect([last.own - first.own, last.all - first.all]).toEqual([14, 21]);
  const [result = ""] = await answerOf([spawn([["@meet", 1]], { tokens: 1 })]);
  expect(result).toMatch(/: failed at the second attempt/);
  expect((await spent()).own - last.own).toBe(14);
  expect((await spent()).all - last.all).toBe(14);
});

describe("limits", () => {
  test("two generations, and no third", async () => {
    const third = [spawn([["shell", { command: "echo too deep" }]])];
    const second = [spawn(third, { role: "chief" }), spawn([["shell", { command: "echo deep" }]])];
    const [result = ""] = await answerOf([spawn(second, { role: "chief" })]);
    expect(result).toContain("deep");
    expect(result).not.toContain("too deep\n");
    expect(result).toContain("denied (not_granted): tool spawn_agent");
    await nothingIsLeft();
  });

  test("as many as may live, and not one more; what cannot be had refuses all", async () => {
    const many = [1, 2, 3, 4, 5].map(() => child([["shell", { command: "true" }]]));
    const [live = "", lacks = ""] = await answerOf([
      ["spawn_agents", { children: many }],
      ["spawn_agents", { children: [child([]), child([], { can: { read: ["/etc"] } })] }],
    ]);
    expect(live).toContain("0 temporary agents of boss live, of 4 at most");
    expect(lacks).toContain("child 2: read /etc");
    await nothingIsLeft();
  });

  test("at its deadline a child is ended, whatever it does", async () => {
    const task = await boss.drop([spawn([["@hang"]], { timeout: "5s" })]);
    await living(1);
    await until(async () => {
      await sh("systemctl start con-sweep.service");
      return (await records()).length === 0 ? true : null;
    }, "the end of the child");
    const [result = ""] = await boss.answer(task);
    expect(result).toMatch(/child 1, poor \(spawn-[a-z2-7]{8}\): timeout/);
    await nothingIsLeft();
  });
});

test("a task that is cancelled takes its children with it", async () => {
  const task = await boss.drop([spawn([["@hang"]])]);
  const [name = ""] = await living(1);
  await container.must(["con", "cancel", task]);
  await until(async () => {
    await sh("systemctl start con-sweep.service");
    return (await records()).length === 0 ? true : null;
  }, "the end of the child");
  const { stdout } = await con("show", task);
  expect([stdout.includes("cancelled"), name.startsWith("spawn-")]).toEqual([true, true]);
  await nothingIsLeft();
});

describe("kill -9", () => {
  test("of the steward, again and again: one child for each place, one task each, nothing left", async () => {
    const began = await times("answering 0");
    const children = [1, 2, 3].map(() => child([["shell", { command: "echo once" }]]));
    const task = await boss.drop([["spawn_agents", { children }]]);
    // It lives for half a second: who looks from outside may never meet one. Each restart waits longer than the last.
    const kill = `kills=0
      for rest in 0.25 0.05 0.15 0.02 0.3 0.1; do
        pid=0
        while [ $pid = 0 ] && ! ls /srv/con/agents/boss/outbox/*${task}*.response >&2; do
          pid=$(systemctl show -p MainPID --value con-steward.service)
        done
        [ $pid != 0 ] || break
        sleep $rest
        if kill -9 $pid; then kills=$((kills + 1)); fi
      done 2>/dev/null
      echo $kills`;
    expect(Number(await container.must(["/bin/bash", "-c", kill]))).toBeGreaterThan(0);
    const [result = ""] = await boss.answer(task);
    expect(result.match(/: done$/gm)).toHaveLength(3);
    // The parent's own first step, and one of each child.
    expect((await times("answering 0")) - began).toBe(4);
    await nothingIsLeft();
  });

  test("of a child's runner: it goes on from its journal", async () => {
    const goal = [
      ["shell", { command: "echo before" }],
      ["@meet", 2],
    ];
    const asked = await times("answering 1");
    const task = await boss.drop([spawn(goal)]);
    const [name = ""] = await living(1);
    await seen("answering 1", asked + 1);
    await sh(`systemctl kill --signal=SIGKILL con@${name}.service`);
    const [result = ""] = await boss.answer(task);
    expect(result).toContain(`(${name}): done`);
    expect(result).toContain("before");
    await nothingIsLeft();
  });
});

test("a halt holds them like others, and they go on afterwards", async () => {
  await container.must(["con", "halt", "workers"]);
  await container.must(["con", "resume"]);
  const asked = await times("answering 0");
  const task = await boss.drop([spawn([["@meet", 2]])]);
  const [name = ""] = await living(1);
  await seen("answering 0", asked + 2);
  await container.must(["con", "halt", "workers"]);
  expect((await container.exec(["systemctl", "is-active", `con@${name}.service`])).stdout).not.toBe(
    "active\n",
  );
  expect(await living(1)).toEqual([name]);
  await container.must(["con", "resume"]);
  const [result = ""] = await boss.answer(task);
  expect(result).toContain(`(${name}): done`);
});

test("approval: people decide first; denied, nobody is made", async () => {
  const drop = async () => {
    const inbox = "/srv/con/agents/asker/inbox";
    await container.copyIn(
      `${inbox}/.x`,
      `${JSON.stringify([spawn([["shell", { command: "true" }]])])}\n`,
    );
    await sh(`mv ${inbox}/.x ${inbox}/${Date.now()}.task`);
    return until(async () => {
      const text = (await con("approvals", "list", "--json")).stdout;
      const { approvals } = JSON.parse(text) as { approvals: { id: string; agent: string }[] };
      return approvals.find(({ agent }) => agent === "asker")?.id ?? null;
    }, "the question");
  };
  const denied = await drop();
  expect(await records()).toEqual([]);
  await container.must(["con", "approvals", "deny", denied, "--why", "no"]);
  const agreed = await drop();
  const word = await con("approvals", "approve", agreed);
  expect([word.code, word.stdout]).toEqual([
    0,
    expect.stringContaining("temporary agents are at work: poor"),
  ]);
  const outbox = "/srv/con/agents/asker/outbox";
  await until(
    async () => ((await sh(`cat ${outbox}/*.response || true`)).includes(": done") ? true : null),
    "the child",
  );
  expect(await sh(`cat ${outbox}/*.response`)).toContain("denied by root: no");
});

test("the quarantine of the parent ends its children at once", async () => {
  await boss.drop([["spawn_agents", { children: [child([["@hang"]]), child([["@hang"]])] }]]);
  await living(2);
  await container.must(["con", "agent", "quarantine", "boss", "--why", "a test"]);
  // Their runners have stopped when that returns; what is left of them goes next.
  expect(await sh(`pgrep -U $(seq -s, ${childUids.first} ${childUids.last}) || true`)).toBe("");
  await until(
    async () => ((await records()).length === 0 ? true : null),
    "the end of the children",
  );
  await container.must(["con", "agent", "resume", "boss"]);
  await until(
    async () => ((await con("status", "--json")).stdout.includes("boss") ? true : null),
    "boss",
  );
  await nothingIsLeft();
});
