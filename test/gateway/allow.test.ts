/** People let a task spend more: through a real gateway, from root only, durable, and told to the audit trail. */
import fs from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { noBudget } from "../../src/config/authority.ts";
import { maxSlices } from "../../src/gateway/budget.ts";
import { dailyFiles } from "../../src/system/daily-chain.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { type GatewayWorld, openWorld, type WorldOptions } from "./world.ts";

const worker = 4242;
const usage = { prompt_tokens: 40, completion_tokens: 10 };

async function world(uid: () => number, options: WorldOptions = {}): Promise<GatewayWorld> {
  const opened = await openWorld([{ when: "", turns: [{ text: "ok", usage }] }], {
    readPeer: () => ({ pid: 1, uid: uid(), gid: 1 }),
    agentBudget: { askTokensPerTask: 100, tokensPerCall: 20 },
    ...options,
  });
  onTestFinished(() => opened.close());
  return opened;
}

const records = (at: GatewayWorld): Record<string, unknown>[] =>
  dailyFiles(nodeDisk, join(dirname(at.socket), "audit"), "agents")
    .flatMap((file) => fs.readFileSync(file, "utf8").trimEnd().split("\n"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const allowance = (more: object = {}): string =>
  JSON.stringify({ agent: "worker", task: "task-1", unit: "tokens", slices: 1, ...more });

test("a task stops at each further amount until people let it go on", async () => {
  let uid = worker;
  const at = await world(() => uid);
  const kinds = async (): Promise<string | undefined> => (await at.ask("hi")).at(-1)?.kind;
  expect(await kinds()).toBe("reply");
  const [refused] = await at.ask("hi");
  expect(refused).toMatchObject({ kind: "error", error: { kind: "permanent", status: 402 } });
  expect(at.upstream.requests).toHaveLength(1);
  expect(at.ledger()).toHaveLength(1);
  uid = 0;
  const allowed = await at.raw("/con/allow", allowance());
  expect(allowed).toEqual({ status: 200, body: '{"slices":1}' });
  uid = worker;
  expect([await kinds(), await kinds(), await kinds()]).toEqual(["reply", "reply", "error"]);
  expect((await at.ask("hi", "smart", "task-2")).at(-1)?.kind).toBe("reply");
  const told = records(at).filter(({ kind }) => kind === "denied" || kind === "allowance");
  expect(told).toMatchObject([
    { kind: "denied", code: "needs_approval", agent: "worker", task: "task-1" },
    { kind: "allowance", uid: 0, for: "worker", task: "task-1", unit: "tokens", slices: 1 },
    { kind: "denied", code: "needs_approval" },
  ]);
});

test("the refusal says what is needed, and is no refusal of the budget", async () => {
  const at = await world(() => worker, { agentBudget: { askUsdPerTask: 0.01, tokensPerCall: 20 } });
  const body = { model: "smart", messages: [{ role: "user", content: "long ".repeat(12_000) }] };
  // What no task names nobody can agree to.
  const found = await at.raw("/v1/chat/completions", JSON.stringify(body));
  expect(JSON.parse(found.body)).toMatchObject({
    error: { type: "budget", message: expect.stringContaining("X-Con-Task"), over: "fail" },
  });
  const [event] = await at.ask("long ".repeat(12_000));
  if (event?.kind !== "error") throw new Error("it was let through");
  expect(event.error).toMatchObject({
    status: 402,
    kind: "permanent",
    retryAfterSeconds: null,
    message: expect.stringMatching(
      /people must agree first.*budget\.ask_usd_per_task is 0\.01 USD/,
    ),
  });
});

describe("a request to allow", () => {
  test("from anybody but root is refused and told, and changes nothing", async () => {
    const at = await world(() => worker);
    const found = await at.raw("/con/allow", allowance());
    expect(found.status).toBe(403);
    expect(records(at).at(-1)).toMatchObject({ kind: "denied", code: "not_granted", uid: worker });
    await at.ask("hi");
    expect((await at.ask("hi")).at(-1)?.kind).toBe("error");
  });

  test.each([
    ["not JSON", "{", 400],
    ["no object", "7", 400],
    ["nobody's task", allowance({ task: "" }), 400],
    ["an endless name", allowance({ task: "x".repeat(201) }), 400],
    ["another unit", allowance({ unit: "hours" }), 400],
    ["no number", allowance({ slices: "1" }), 400],
    ["nothing", allowance({ slices: 0 }), 400],
    ["half of one", allowance({ slices: 1.5 }), 400],
    ["without end", allowance({ slices: maxSlices + 1 }), 400],
    ["nobody", allowance({ agent: "nobody" }), 404],
    ["root", allowance({ agent: "root" }), 404],
    ["too long", JSON.stringify({ pad: "x".repeat(5000) }), 413],
  ])("%s is refused", async (_, body, status) => {
    const at = await world(() => 0);
    expect((await at.raw("/con/allow", body)).status).toBe(status);
  });

  test("again, or for less, leaves what is allowed", async () => {
    const at = await world(() => 0);
    for (const [slices, now] of [
      [2, 2],
      [2, 2],
      [1, 2],
      [5, 5],
    ]) {
      const { body } = await at.raw("/con/allow", allowance({ slices }));
      expect(JSON.parse(body)).toEqual({ slices: now });
    }
  });

  test("holds nothing where the audit trail cannot be written", async () => {
    const at = await world(() => 0);
    fs.writeFileSync(join(dirname(at.socket), "audit"), "a file in the place of the directory");
    expect((await at.raw("/con/allow", allowance())).status).toBe(503);
    expect(at.ledger()).toEqual([]);
  });
});

test("children side by side do not take more than the one who spawned them has", async () => {
  const parent = { uid: 5000, name: "researcher", task: "T" };
  const budget = { ...noBudget, tokensPerDay: 1000, tokensPerCall: 20 };
  const children = Array.from({ length: 6 }, (_, n) => ({
    ...{ uid: 30_000 + n, name: `spawn-${n}`, tier: "worker" as const, models: ["smart"] },
    ...{ budget: noBudget, payers: [{ ...parent, budget }] },
  }));
  const caller = { ...parent, tier: "worker" as const, models: ["smart"], budget };
  const uids = [parent.uid, ...children.map(({ uid }) => uid)];
  let n = 0;
  const at = await world(() => uids[n++ % uids.length] as number, { maxConcurrent: 32 });
  at.configure({ callers: [caller, ...children] });
  const calls = Array.from({ length: 42 }, (_, k) => at.ask("hi", "smart", `t-${k}`));
  const ends = (await Promise.all(calls)).map((events) => events.at(-1)?.kind);
  const rows = at.ledger();
  expect(rows.length).toBe(ends.filter((kind) => kind === "reply").length);
  expect(rows.length).toBe(at.upstream.requests.length);
  const sum = rows.reduce(
    (total, row) => total + Number(row["input_tokens"]) + Number(row["output_tokens"]),
    0,
  );
  expect(sum).toBe(rows.length * 50);
  expect(sum).toBeLessThanOrEqual(1000);
  expect(new Set(rows.map(({ agent }) => agent)).size).toBeGreaterThan(1);
  expect(ends).toContain("error");
});
