/** Budgets in the booted system: a task waits for the next day, money is never spent twice or unseen. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noBudget } from "../../src/config/authority.ts";
import type { GatewayCaller, GatewayRuntime, Payer } from "../../src/config/runtime.ts";
import { until } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";
import { type LedgerRow, ledgerRows, startProvider, useProvider } from "./support/scripted.ts";

const port = 18082;
const manifest = "/etc/con/agents.d/concierge.yaml";
const much = { prompt_tokens: 90_000, completion_tokens: 5_000 };
const little = { prompt_tokens: 300, completion_tokens: 100 };

let own: Reserved;
let container: Container;
let written: string;

const limit = async (budget: string): Promise<void> => {
  await container.copyIn(manifest, `${written}\nbudget: ${budget}\n`);
  await container.must(["con", "bootstrap"]);
};

const ledger = (): Promise<LedgerRow[]> => ledgerRows(container);

const sumOf = (rows: readonly LedgerRow[]): number =>
  rows
    .filter(({ agent }) => agent === "concierge")
    .reduce((sum, row) => sum + row.input_tokens + row.output_tokens, 0);

/** Calls of the agent's user, side by side; prints the status of each, or why it broke. */
const callers = `
import http from "node:http";
const [count, text, stream] = process.argv.slice(1);
const body = JSON.stringify({ model: "smart", stream: stream === "stream",
  messages: [{ role: "user", content: text }] });
const call = () => new Promise((resolve) => {
  const request = http.request({ socketPath: "/run/con/gateway.sock", method: "POST", agent: false,
    path: "/v1/chat/completions" }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
      response.on("error", (error) => resolve(error.code));
    });
  request.on("error", (error) => resolve(error.code));
  request.end(body);
});
console.log(JSON.stringify(await Promise.all(Array.from({ length: Number(count) }, call))));`;

async function call(count: number, text: string, how = "whole"): Promise<unknown[]> {
  const argv = ["/usr/bin/node", "--input-type=module", "-e", callers, String(count), text, how];
  return JSON.parse(await container.must(argv, { user: "a-concierge" })) as unknown[];
}

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  const script = [
    { when: "spend much", turns: [{ text: "It is done.", usage: much }] },
    { when: "spend little", turns: [{ text: "Only little.", usage: little, delay_ms: 100 }] },
    { when: "break off", turns: [{ text: "half of a long answer ".repeat(20), cut: true }] },
    { when: "hang", turns: [{ text: "half of it", hang: true }] },
    { when: "", turns: [{ text: "ready", usage: little }] },
  ];
  await startProvider(container, {
    name: "budget",
    port,
    script,
    log: "/run/budget-requests.jsonl",
  });
  await useProvider(container, port);
  written = await container.must(["cat", manifest]);
});
afterAll(() => own[Symbol.asyncDispose]());

const deferred = "/srv/con/agents/concierge/queue/deferred";

describe("an agent that has spent its day", () => {
  test("puts the task off until midnight UTC, and does it when the limit is raised", async () => {
    await limit("{tokens_per_day: 100000, tokens_per_call: 1000}");
    expect(await container.must(["con", "task", "--wait=60", "spend much"])).toContain(
      "It is done",
    );
    const sent = await container.must(["con", "task", "--json", "spend much, again"]);
    const { id } = JSON.parse(sent) as { id: string };
    const time = await until(async () => {
      const found = await container.exec(["stat", "-c", "%Y", `${deferred}/${id}.task`]);
      return found.code === 0 ? Number(found.stdout) : null;
    }, "the deferred task");
    expect(time % 86_400).toBe(0);
    expect(time * 1000 - Date.now()).toBeGreaterThan(0);
    expect(time * 1000 - Date.now()).toBeLessThanOrEqual(86_400_000);
    expect(await container.must(["con", "trace", id])).toMatch(
      /over budget: 95000 tokens of 100000 tokens are spent for concierge today/,
    );
    expect(sumOf(await ledger())).toBe(95_000);

    await limit("{tokens_per_day: 1000000, tokens_per_call: 1000}");
    await container.must(["con", "retry", id]);
    const answer = await until(async () => {
      const found = await container.exec(["con", "show", id, "--json"]);
      return found.stdout.includes("It is done") ? found.stdout : null;
    }, "the answer");
    expect(answer).toContain('"attempts": 2');
    expect(sumOf(await ledger())).toBe(190_000);
  });

  test("is seen in con status and warned of in the journal", async () => {
    await limit("{tokens_per_day: 200000, tokens_per_call: 1000}");
    expect(await call(1, "spend little")).toEqual([200]);
    const status = await container.must(["con", "status"]);
    expect(status).toMatch(/spent today \(UTC\): 0.00 USD, 190400 tokens/);
    expect(status).toMatch(/concierge: 0.00 USD, 95 % of 200000 tokens/);
    const json = JSON.parse(await container.must(["con", "status", "concierge", "--json"]));
    expect(json.agents[0].spend).toMatchObject({ tokens: 190_400, tokens_per_day: 200_000 });
    const others = await container.must(["con", "status", "--json"], { user: "a-concierge" });
    expect(JSON.parse(others)).toMatchObject({ spend: null });
    const journal = ["journalctl", "-u", "con-gateway.service", "-o", "cat", "--no-pager"];
    expect(await container.must(journal)).toMatch(/concierge has spent most of today's budget/);
  });

  test("fails the task at once where the manifest says so", async () => {
    await limit("{tokens_per_day: 190500, tokens_per_call: 1000, over: fail}");
    const found = await container.exec(["con", "task", "--wait=60", "spend much"]);
    expect(found.code).toBe(1);
    expect(found.stdout + found.stderr).toContain("over budget");
    expect(found.stdout + found.stderr).toContain("budget.tokens_per_day");
  });
});

test("20 calls side by side do not overshoot", async () => {
  const before = sumOf(await ledger());
  const most = before + 4000;
  await limit(`{tokens_per_day: ${most}, tokens_per_call: 500}`);
  const statuses = await call(20, "spend little");
  const made = statuses.filter((status) => status === 200).length;
  expect(made).toBeGreaterThan(0);
  expect(made).toBeLessThan(20);
  expect(
    statuses.filter((status) => status !== 200).every((one) => one === 402 || one === 429),
  ).toBe(true);
  const after = sumOf(await ledger());
  expect(after).toBe(before + made * 400);
  expect(after).toBeLessThanOrEqual(most);
});

test("a stream that broke is charged for what came, a killed gateway's call for what was reserved", async () => {
  await limit("{tokens_per_day: 10000000, tokens_per_call: 700}");
  await call(1, "break off", "stream");
  expect((await ledger()).at(-1)).toMatchObject({ basis: "counted", status: 502 });
  expect((await ledger()).at(-1)?.output_tokens).toBeGreaterThan(60);

  const hanging = call(1, "hang", "stream");
  await until(
    async () => ((await ledger()).at(-1)?.basis === "reserved" ? true : null),
    "the call",
  );
  await container.must(["systemctl", "kill", "--signal=KILL", "con-gateway.service"]);
  await hanging;
  expect(await call(1, "spend little")).toEqual([200]);
  const rows = await ledger();
  expect(rows.at(-2)).toMatchObject({ basis: "lost", output_tokens: 700 });
  expect(rows.at(-1)).toMatchObject({ basis: "reported", input_tokens: 300, output_tokens: 100 });
  await container.must(["con", "healthcheck", "CON-GATEWAY-003"]);
});

/** Calls of several users at once, each as often as it is told; prints status, code and text of each. */
const family = `
import { spawn } from "node:child_process";
const [program, gid, path, ...all] = process.argv.slice(1);
const run = ([uid, count, task, body]) => new Promise((resolve, reject) => {
  const argv = ["--input-type=module", "-e", program, count, task, path, body];
  const child = spawn(process.execPath, argv, { uid: Number(uid), gid: Number(gid) });
  let text = "";
  child.stdout.on("data", (part) => { text += part; });
  child.stderr.pipe(process.stderr);
  child.on("error", reject);
  child.on("close", () => resolve(JSON.parse(text)));
});
const each = all.map((one) => JSON.parse(one));
console.log(JSON.stringify((await Promise.all(each.map(run))).flat()));`;

const member = `
import http from "node:http";
const [count, task, path, body] = process.argv.slice(1);
const call = () => new Promise((resolve, reject) => {
  const headers = { "x-con-task": task };
  const place = { socketPath: "/run/con/gateway.sock", method: "POST", agent: false, path, headers };
  const request = http.request(place, (response) => {
    let text = "";
    response.on("data", (part) => { text += part; });
    response.on("end", () => {
      const { error = null } = JSON.parse(text);
      resolve({ status: response.statusCode, error });
    });
  });
  request.on("error", reject);
  request.end(body);
});
console.log(JSON.stringify(await Promise.all(Array.from({ length: Number(count) }, call))));`;

interface Answered {
  readonly status: number;
  readonly error: Readonly<Record<string, unknown>> | null;
}

const littleBody = JSON.stringify({
  model: "smart",
  messages: [{ role: "user", content: "spend little" }],
});

async function calls(
  all: readonly (readonly [uid: number, count: number, task: string, body?: string])[],
  path = "/v1/chat/completions",
): Promise<Answered[]> {
  const gid = (await container.must(["getent", "group", "agents"])).split(":")[2] ?? "";
  const each = all.map(([uid, count, task, body = littleBody]) =>
    JSON.stringify([uid, String(count), task, body]),
  );
  const argv = ["/usr/bin/node", "--input-type=module", "-e", family, member, gid, path, ...each];
  return JSON.parse(await container.must(argv)) as Answered[];
}

const uidOf = async (user: string): Promise<number> =>
  Number(await container.must(["id", "-u", user]));

describe("temporary agents", () => {
  const compiled = "/var/lib/con/compiled/gateway.json";
  const children = [0, 1, 2].map((n) => ({ uid: 40_000 + n, name: `spawn-child-${n}` }));

  /** As a spawn compiles them: three children, the third a child of the second. */
  async function addChildren(): Promise<number> {
    const runtime = JSON.parse(await container.must(["cat", compiled])) as GatewayRuntime;
    const concierge = runtime.callers.find(({ name }) => name === "concierge");
    if (concierge === undefined) throw new Error("no concierge");
    const { budget } = concierge;
    const top = { uid: concierge.uid, name: "concierge", task: "waits", budget };
    const [, second, third] = children;
    const own = (child: typeof second, payers: readonly Payer[]): GatewayCaller => ({
      ...{ uid: child?.uid ?? 0, name: child?.name ?? "", tier: "worker", models: ["smart"] },
      ...{ budget: noBudget, payers },
    });
    const between = { ...top, uid: second?.uid ?? 0, name: second?.name ?? "", budget: noBudget };
    const callers = [
      ...runtime.callers,
      ...[own(children[0], [top]), own(second, [top]), own(third, [between, top])],
    ];
    const write =
      'cat >"$1.new" && chgrp con-gateway "$1.new" && chmod 640 "$1.new" && mv "$1.new" "$1"';
    const input = JSON.stringify({ ...runtime, callers });
    await container.must(["bash", "-c", write, "write", compiled], { input });
    return concierge.uid;
  }

  test("and the one who made them do not overshoot its day, all calling at once", async () => {
    const before = sumOf(await ledger());
    const most = before + 6000;
    await limit(`{tokens_per_day: ${most}, tokens_per_call: 500}`);
    const uid = await addChildren();
    const rows = (await ledger()).length;
    const who = [uid, ...children.map((child) => child.uid)];
    const answers = await calls(who.map((one) => [one, 8, "any"]));
    const made = answers.filter(({ status }) => status === 200).length;
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(32);
    const added = (await ledger()).slice(rows);
    expect(added).toHaveLength(made);
    const spent = added.reduce((sum, row) => sum + row.input_tokens + row.output_tokens, 0);
    expect(spent).toBe(made * 400);
    expect(before + spent).toBeLessThanOrEqual(most);
    expect(new Set(added.map(({ agent }) => agent)).size).toBeGreaterThan(1);

    let told: Answered["error"] = null;
    for (let n = 0; n < 20 && told === null; n += 1)
      told = (await calls([[children[2]?.uid ?? 0, 1, "any"]]))[0]?.error ?? null;
    expect(told).toMatchObject({ type: "budget", scope: "agent", agent: "concierge" });
    expect(String(told?.["message"])).toContain("concierge, of whose spawned agents you are one");
    const all = before + (await ledger()).slice(rows).length * 400;
    expect(all).toBeLessThanOrEqual(most);
    const status = JSON.parse(await container.must(["con", "status", "concierge", "--json"]));
    expect(status.agents[0].spend.with_children.tokens).toBe(all);
    expect(await container.must(["con", "status"])).toMatch(/concierge: .*with children: /);
  });

  test("stop where people must be asked about the task that waits for them", async () => {
    await limit("{ask_tokens_per_task: 3000, tokens_per_call: 500}");
    const uid = await addChildren();
    const child = children[2]?.uid ?? 0;
    const spent = (await ledger()).filter(({ agent }) => agent.startsWith("spawn-")).length * 400;
    const [refused] = await calls([[child, 1, "c"]]);
    expect(refused).toMatchObject({
      status: 402,
      error: { code: "needs_approval", agent: "concierge", task: "waits", limit: 3000, spent },
    });
    const { slice } = refused?.error ?? {};
    const allowance = JSON.stringify({ agent: "concierge", task: "waits", unit: "tokens", slice });
    const asked = allowance.replace('"slice"', '"slices"');
    for (const one of [uid, child])
      expect(await calls([[one, 1, "waits", asked]], "/con/allow")).toMatchObject([
        { status: 403 },
      ]);
    expect(await calls([[child, 1, "c"]])).toMatchObject([{ status: 402 }]);
    expect(await calls([[0, 1, "", asked]], "/con/allow")).toMatchObject([{ status: 200 }]);
    await container.must(["systemctl", "kill", "--signal=KILL", "con-gateway.service"]);
    expect(await calls([[child, 1, "c"]])).toMatchObject([{ status: 200 }]);
    const audit = "cat /srv/con/logs/audit/agents/*.jsonl /srv/con/logs/audit/agents-*.jsonl";
    const lines = await container.must(["bash", "-c", `${audit} 2>/dev/null; true`]);
    expect(lines).toContain('"kind":"allowance"');
    expect(lines).toContain('"code":"needs_approval"');
  });
});

test("a task of an agent waits for people too, and another one does not", async () => {
  await limit("{ask_tokens_per_task: 700, tokens_per_call: 300}");
  const uid = await uidOf("a-concierge");
  const ask = async (task: string): Promise<unknown> => (await calls([[uid, 1, task]]))[0]?.status;
  expect([await ask("one"), await ask("one"), await ask("two")]).toEqual([200, 402, 200]);
});

test("money is limited only where its price is known; con model test counts too", async () => {
  const path = "/etc/con/con.yaml";
  const before = await container.must(["cat", path]);
  await container.copyIn(path, `${before}\nbudget: {usd_per_day: 5}\n`);
  await container.must(["con", "bootstrap"]);
  const blind = await container.exec(["con", "model", "test", "smart"]);
  expect(blind.code).not.toBe(0);
  expect(blind.stderr).toContain("set usd_per_million for alias smart");
  const priced = before.replace(
    /^( *)smart:.*$/m,
    "$1smart: {use: [scripted/scripted-1], usd_per_million: {input: 1000, output: 10000}}",
  );
  await container.copyIn(path, `${priced}\nbudget: {usd_per_day: 5}\n`);
  await container.must(["con", "bootstrap"]);
  const tried = await container.exec(["con", "model", "test", "smart"]);
  expect(tried.stderr).toContain("lower budget.tokens_per_call");
  await container.copyIn(path, `${priced}\nbudget: {usd_per_day: 95}\n`);
  await container.must(["con", "bootstrap"]);
  await container.must(["con", "model", "test", "smart"]);
  expect(await container.must(["con", "status"])).toMatch(/spent today \(UTC\): 1 % of 95.00 USD/);
  await container.copyIn(path, before);
});
