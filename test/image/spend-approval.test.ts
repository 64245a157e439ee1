/**
 * A task that may spend more only when people agree, in real units: nothing runs meanwhile, the gateway lets it go on
 * only on root's word, and no agent gives that word. And a rule that holds only under a condition.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Approval } from "../../src/steward/approvals/types.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";
import { answerOf, newId, putRequest } from "./support/request.ts";
import { ledgerRows, startProvider, useProvider } from "./support/scripted.ts";

const port = 18083;
/** Less than one call and the estimate of the next. */
const limit = 95_500;
const much = { prompt_tokens: 90_000, completion_tokens: 5_000 };
const [trent, tess] = ["con-trent", "con-tess"];
const publicPlace = "/srv/con/artifacts/public";

let own: Reserved;
let container: Container;

const manifest = (name: string, can: string, more: readonly string[]): string =>
  [
    `name: ${name}`,
    "tier: worker",
    "description: d",
    "model: smart",
    `can: ${can}`,
    ...more,
    "",
  ].join("\n");
const budget = `budget: {ask_tokens_per_task: ${limit}, tokens_per_call: 100}`;

const manifests = {
  spender: manifest("spender", "{tools: [shell]}", [budget]),
  pair: manifest("pair", "{tools: [shell]}", [budget, "approval: [{tool: spend, approvers: 2}]"]),
  picky: manifest("picky", `{tools: [write_file], write: [${publicPlace}]}`, [
    `approval: [{tool: write_file, when: {path: ${publicPlace}/**}}]`,
  ]),
};

const calls = (name: string, args: object) => ({ tool_calls: [{ name, arguments: args }] });
const shell = (command: string) => ({ ...calls("shell", { command }), usage: much });
/** From the workspace, as somebody might spell it who wants to go around the pattern. */
const spelled = "./..//../../x/../artifacts/public/note";

const script = [
  {
    when: "spend on",
    turns: [
      shell("echo one >> ran"),
      shell("echo two >> ran"),
      { text: "It is done.", usage: much },
    ],
  },
  { when: "spend in vain", turns: [shell("echo vain >> ran"), { text: "never", usage: much }] },
  {
    when: "write",
    turns: [
      calls("write_file", { path: "note", content: "mine" }),
      calls("write_file", { path: spelled, content: "seen" }),
      { text: "written" },
    ],
  },
  { when: "", turns: [{ text: "ready" }] },
];

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  for (const name of [trent, tess]) await container.must(["useradd", "-M", "-G", "trusted", name]);
  for (const [name, text] of Object.entries(manifests))
    await container.copyIn(`/etc/con/agents.d/${name}.yaml`, text);
  await container.must(["con", "bootstrap"]);
  await startProvider(container, { name: "spend", port, script, log: "/run/spend-requests.jsonl" });
  await useProvider(container, port);
});
afterAll(() => own[Symbol.asyncDispose]());

const sh = (line: string, user?: string): Promise<string> =>
  container.must(["/bin/sh", "-c", line], user === undefined ? {} : { user });
/** Waits, inside the container, until `condition` holds. */
const until = (condition: string): Promise<string> =>
  sh(`n=0; until ${condition}; do n=$((n+1)); [ $n -le 600 ] || exit 9; sleep 0.1; done`);

const home = (agent: string): string => `/srv/con/agents/${agent}`;

async function send(agent: string, text: string): Promise<string> {
  return (await container.must(["con", "task", "-a", agent, text])).trim();
}

async function all(): Promise<readonly Approval[]> {
  const text = await container.must(["con", "approvals", "list", "--all", "--json"]);
  return (JSON.parse(text) as { approvals: Approval[] }).approvals;
}

/** The question that task waits for; no process of its agent is left by then. */
async function question(agent: string, task: string): Promise<Approval> {
  await until(`con approvals list --json | grep -q '${task}'`);
  await until(`[ -e ${home(agent)}/queue/held/${task}.task ]`);
  await until(`[ "$(systemctl is-active con@${agent}.service)" = inactive ]`);
  expect((await container.exec(["pgrep", "-u", `a-${agent}`])).code).toBe(1);
  const found = (await all()).filter(
    ({ state, subject }) => state === "pending" && "task" in subject && subject.task === task,
  );
  expect(found).toHaveLength(1);
  return found[0] as Approval;
}

const approve = (id: string, user: string) =>
  container.exec(["con", "approvals", "approve", id], { user });

const ran = async (agent: string): Promise<string> =>
  (await sh(`cat ${home(agent)}/workspace/ran 2>/dev/null || true`)).trim();

/** The one response of a task. */
async function answer(agent: string, task: string): Promise<string> {
  const outbox = `${home(agent)}/outbox`;
  await until(`[ -e ${outbox}/${task}.json ]`);
  expect((await sh(`ls ${outbox} | grep -c '${task}.response'`)).trim()).toBe("1");
  return sh(`cat ${outbox}/${task}.response`);
}

/** Tokens of each call that was paid for. */
async function paid(task: string): Promise<number[]> {
  const rows = await ledgerRows(container, task);
  return rows.map(({ input_tokens, output_tokens }) => input_tokens + output_tokens);
}

const post = `
import http from "node:http";
const request = http.request({ socketPath: "/run/con/gateway.sock", method: "POST", path: "/con/allow",
  headers: { "content-type": "application/json" } }, (response) => {
  response.resume();
  response.on("end", () => console.log(response.statusCode));
});
request.on("error", (error) => console.log(error.code));
request.end(process.argv[1]);`;

const allow = async (body: object, user?: string): Promise<string> => {
  const argv = ["/usr/bin/node", "--input-type=module", "-e", post, JSON.stringify(body)];
  return (await container.must(argv, user === undefined ? {} : { user })).trim();
};

describe("a task at its limit", () => {
  let task = "";
  let first: Approval;
  beforeAll(async () => {
    task = await send("spender", "spend on");
    first = await question("spender", task);
  });

  test("waits without a process; people see how much, beyond what, and for which task", async () => {
    expect(await ran("spender")).toBe("one");
    expect(await paid(task)).toEqual([95_000]);
    const list = await container.must(["con", "approvals"], { user: trent });
    expect(list).toContain(
      `spend another ${limit} tokens (beyond ${limit} tokens) on task ${task}`,
    );
    const shown = await container.must(["con", "approvals", "show", first.id], { user: trent });
    expect(shown).toContain("spend on");
    expect(await container.must(["con", "trace", task])).toContain("model call 2 waits for");
  });

  test("is let go on by no agent, whatever it says to gateway or steward", async () => {
    const body = { agent: "spender", task, unit: "tokens", slices: 1 };
    for (const user of ["a-spender", "a-pair", trent]) expect(await allow(body, user)).toBe("403");
    const forged = { version: 1, why: "", incident: null, verb: "ask_approval", tool: "spend" };
    const about = { arguments_sha256: "a".repeat(64), arguments_bytes: 1, preview: "x" };
    const wish = { agent: "spender", task, unit: "tokens", slice: 1 };
    for (const [user, spend, verb] of [
      ["a-pair", wish, "ask_approval"],
      ["a-pair", { ...wish, agent: "pair" }, "ask_approval"],
      ["a-spender", null, "approve"],
    ] as const) {
      const id = newId();
      const asked = {
        ...{ ...forged, ...about, task, call: "1-model", expires: "2099-01-01T00:00:00.000Z" },
        spend,
      };
      const word = { version: 1, why: "", incident: null, verb, approval: first.id };
      const text = JSON.stringify(verb === "approve" ? word : asked);
      await putRequest(container, id, text, user);
      expect(await answerOf(container, id)).toMatchObject({
        status: "refused",
        by: { name: user },
      });
    }
    expect((await all()).filter(({ state }) => state === "pending")).toHaveLength(1);
    expect(await paid(task)).toEqual([95_000]);
    // The same words of root count: what was refused above was refused for who said it.
    expect(await allow({ ...body, task: randomUUID() })).toBe("200");
  });

  test("goes on to its end when people agree, each time, also over a gateway that was away", async () => {
    await container.must(["systemctl", "stop", "con-gateway.socket", "con-gateway.service"]);
    const word = approve(first.id, trent);
    const file = `/var/lib/con/approvals/${first.id}.json`;
    await until(`grep -q '"state":"approved"' ${file}`);
    expect(await sh(`cat ${file}`)).toContain('"settled":false');
    expect(await sh(`ls ${home("spender")}/queue/held`)).toContain(task);
    await container.must(["systemctl", "start", "con-gateway.socket"]);
    expect(await word).toMatchObject({ code: 0 });
    const second = await question("spender", task);
    expect(second).toMatchObject({ subject: { allowed: 1, slice: 2, amount: limit } });
    expect(await ran("spender")).toBe("one\ntwo");
    await container.must(["systemctl", "kill", "--signal=KILL", "con-gateway.service"]);
    expect(await approve(second.id, tess)).toMatchObject({ code: 0 });
    expect(await answer("spender", task)).toBe("It is done.\n");
    expect(await ran("spender")).toBe("one\ntwo");
    expect(await paid(task)).toEqual([95_000, 95_000, 95_000]);
    expect(await container.exec(["con", "verify"])).toMatchObject({ code: 0 });
  });
});

test("two people: the first alone moves nothing", async () => {
  const task = await send("pair", "spend in vain");
  const { id, needed } = await question("pair", task);
  expect(needed).toBe(2);
  for (const _ of [1, 2]) await approve(id, trent);
  expect((await all()).find((one) => one.id === id)).toMatchObject({ state: "pending" });
  expect(await paid(task)).toEqual([95_000]);
  await approve(id, tess);
  expect(await answer("pair", task)).toBe("never\n");
  expect(await paid(task)).toEqual([95_000, 95_000]);
});

test("denied: the sender gets the reason and what was spent, and no call is made", async () => {
  const task = await send("spender", "spend in vain");
  const { id } = await question("spender", task);
  const deny = ["con", "approvals", "deny", id, "--why", "not for that"];
  await container.must(deny, { user: trent });
  const text = await answer("spender", task);
  expect(text).toContain(
    `beyond ${limit} tokens) was not approved: denied by ${trent}: not for that`,
  );
  expect(text).toContain("Spent on this task: 95000 tokens");
  expect(await paid(task)).toEqual([95_000]);
  expect(JSON.parse(await sh(`cat ${home("spender")}/outbox/${task}.json`))).toMatchObject({
    status: "failed",
  });
});

test("a condition: other calls run, and a path waits however it is spelled", async () => {
  const task = await send("picky", "write");
  const { id, subject } = await question("picky", task);
  expect(await sh(`cat ${home("picky")}/workspace/note`)).toBe("mine");
  expect(subject).toMatchObject({ kind: "tool", tool: "write_file", call: "2-1" });
  expect((await container.exec(["cat", `${publicPlace}/note`])).code).not.toBe(0);
  expect(await approve(id, trent)).toMatchObject({ code: 0 });
  expect(await answer("picky", task)).toBe("written\n");
  expect(await sh(`cat ${publicPlace}/note`)).toBe("seen");
});
