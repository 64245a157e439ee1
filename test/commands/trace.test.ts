import { createHash } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeLines, type JournalLine } from "../../src/agent/journal.ts";
import { run } from "../../src/commands/trace.ts";
import { type ChainRecord, openChain } from "../../src/system/chain.ts";
import { openDailyChain } from "../../src/system/daily-chain.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { emptyTally } from "../../src/task/task.ts";
import { failure, makeIo, makeSystem } from "./support.ts";

const id = "x-0198f3c2-8a7e-7000-8000-0123456789ab";
const at = (ms: number) => new Date(Date.UTC(2027, 0, 1) + ms).toISOString();
const call = { id: "c1", name: "shell", arguments: '{"command":"ls \u001b[2J"}' };

const journal: readonly JournalLine[] = [
  { kind: "attempt", at: at(0) },
  { kind: "prompt", nonce: "00", messages: [], at: at(5) },
  { kind: "model-intent", step: 1, at: at(10) },
  {
    kind: "model-result",
    step: 1,
    text: "",
    toolCalls: [call],
    model: "m/one",
    usage: { input: 7, output: 3 },
    costUsd: 0.5,
    at: at(260),
  },
  {
    kind: "tool-intent",
    step: 1,
    index: 1,
    name: call.name,
    arguments: call.arguments,
    at: at(300),
  },
  {
    kind: "tool-result",
    step: 1,
    index: 1,
    ok: false,
    text: `${"y".repeat(400)}\u001b]0;x\u0007`,
    interrupted: false,
    sent: null,
    usage: { input: 90, output: 8, costUsd: 0.75 },
    at: at(1300),
  },
  { kind: "model-intent", step: 2, at: at(1310) },
  { kind: "model-error", step: 2, temporary: true, why: "429", at: at(1410) },
  { kind: "final", outcome: { kind: "done", answer: "end", tally: emptyTally }, at: at(1500) },
];

function traced(text: string) {
  const system = makeSystem();
  system.put(`agents/sysadmin/state/journal/${id}.jsonl`, text);
  system.put(`agents/sysadmin/queue/active/${id}.task`, "x");
  return system.root;
}

test("tells every step with times, tokens and shortened texts", async () => {
  const { io, out } = makeIo(traced(encodeLines(journal)));
  expect(await run(["x"], io)).toBe(exit.ok);
  expect(out()).not.toContain("\u001b");
  expect(out().split("\n").slice(1, -1)).toEqual([
    "    0.000 s  attempt begins",
    "    0.005 s  prompt written",
    "    0.010 s  model call 1",
    "    0.260 s  model m/one answered in 250 ms (7 tokens in, 3 out, 0.5 USD); 1 tool calls: ",
    '    0.300 s  tool 1.1 shell {"command":"ls \\u001b[2J"}',
    `    1.300 s  tool 1.1 error in 1000 ms (models: 90 tokens in, 8 out, 0.75 USD): ${"y".repeat(300)}… (106 more)`,
    "    1.310 s  model call 2",
    "    1.410 s  model call 2 failed after 100 ms: 429",
    "    1.500 s  done: end",
  ]);
});

test("--json has every event whole", async () => {
  const { io, out } = makeIo(traced(encodeLines(journal)));
  await run([id, "--json"], io);
  const story = JSON.parse(out());
  expect(story).toMatchObject({ id, agent: "sysadmin" });
  expect(story.events).toHaveLength(journal.length);
  expect(story.events[3]).toMatchObject({
    kind: "model-result",
    step: 1,
    duration_ms: 250,
    tokens: { input: 7, output: 3 },
    cost_usd: 0.5,
    tool_calls: 1,
  });
  expect(story.events[5].text).toHaveLength(406);
});

test("a torn last line is left out, a broken one before it is said", async () => {
  const whole = encodeLines(journal);
  const { io, out } = makeIo(traced(whole.slice(0, -5)));
  expect(await run([id, "--json"], io)).toBe(exit.ok);
  expect(JSON.parse(out()).events).toHaveLength(journal.length - 1);
  const broken = makeIo(traced(`{"kind":\n${whole}`));
  expect((await failure(() => run([id], broken.io))).message).toContain("line 1 of the journal");
});

test("a task without a journal is bad input that names its place", async () => {
  const { root, put } = makeSystem();
  put(`agents/sysadmin/inbox/${id}.task`, "x");
  const error = await failure(() => run([id], makeIo(root).io));
  expect([error.code, error.remedy]).toEqual([exit.badInput, `it is pending; see con show ${id}`]);
});

test("tells the rounds of completion checks", async () => {
  const found = "exit\n\u001b[2J";
  const results = [{ name: "tests", state: "fail", found }] as const;
  const lines: readonly JournalLine[] = [
    { kind: "attempt", at: at(0) },
    { kind: "check-intent", round: 1, at: at(10) },
    { kind: "check-result", round: 1, results, text: "told", at: at(60) },
  ];
  const root = traced(encodeLines(lines));
  const plain = makeIo(root);
  await run(["x"], plain.io);
  expect(plain.out()).toContain("completion checks, round 1\n");
  expect(plain.out()).toContain("completion checks, round 1, made in 50 ms: tests: fail, exit");
  expect(plain.out()).not.toContain("\u001b");
  const json = makeIo(root);
  await run(["x", "--json"], json.io);
  expect(JSON.parse(json.out()).events[2]).toMatchObject({
    kind: "check-result",
    round: 1,
    duration_ms: 50,
    checks: results,
  });
});

const child = "0198f3c2-8a7e-7000-8000-00000000c41d";
const request = "0198f3c2-8a7e-7000-8000-0000000e9e57";
const parent = "0198f3c2-8a7e-7000-8000-0000000b0555";

/** What the gateway kept about `id` at the sysadmin, and about who asked and who was asked. */
function keep(
  root: string,
  change: (records: ChainRecord[]) => ChainRecord[] = (all) => all,
): void {
  const task = { kind: "task", from: "concierge", from_uid: 7, trust: "unverified" };
  const sha = createHash("sha256").update(call.arguments).digest("hex");
  const own = { agent: "sysadmin", task: id };
  const all: ChainRecord[] = [
    {
      ...{ agent: "concierge", task: parent, kind: "tool-result" },
      step: 1,
      index: 1,
      ok: true,
      bytes: 1,
      sent: id,
      at: at(-900),
    },
    { ...own, ...task, state: "claimed", at: at(-100) },
    {
      ...own,
      kind: "tool-call",
      step: 1,
      index: 1,
      name: "shell",
      args_sha256: sha,
      preview: "ls \u001b[2J",
      at: at(300),
    },
    { ...own, kind: "denied", code: "rate", asked: "write /x", rule: "can.write", at: at(305) },
    { ...own, kind: "tool-held", step: 1, index: 2, wait_for: `${child} ${request}`, at: at(310) },
    { ...task, agent: "concierge", task: child, state: "claimed", reply_to: id, at: at(400) },
    {
      ...task,
      agent: "concierge",
      task: "0198f3c2-8a7e-7000-8000-000000000bad",
      state: "claimed",
      at: at(401),
    },
    { ...task, agent: "concierge", task: child, state: "failed", why: "no idea", at: at(450) },
    { ...own, ...task, state: "done", at: at(1600) },
  ];
  const directory = join(root, "logs/audit/agents");
  fs.mkdirSync(directory, { recursive: true });
  const chain = openDailyChain(nodeDisk, directory, "agents", {
    mode: 0o640,
    now: () => Date.parse(at(0)),
  });
  chain.write(change(all));
  chain.close();
  const steward = openChain(nodeDisk, join(root, "logs/audit/actions.jsonl"), 0o640);
  const by = { uid: 7, name: "sysadmin" };
  steward.append([
    { event: "begins", id: request, by, request: { verb: "pause", agent: "x" }, at: at(350) },
    { event: "refused", id: "other", by, error: "not this one", at: at(351) },
  ]);
  steward.close();
}

test("joins journal, audit trail, steward and the tasks that belong to it in one story", async () => {
  const root = traced(encodeLines(journal));
  keep(root);
  const { io, out } = makeIo(root);
  expect(await run(["x"], io)).toBe(exit.ok);
  expect(out()).not.toMatch(/\u001b|bad|not this one|differ/);
  const told = out().split("\n").slice(1, -1);
  const inOrder = [
    `   -0.900 s  audit: concierge [${parent}] tool 1.1 ok, 1 bytes, sent task ${id}`,
    "   -0.100 s  audit: task claimed, from concierge (uid 7, unverified)",
    "    0.000 s  attempt begins",
    '    0.300 s  tool 1.1 shell {"command":"ls \\u001b[2J"}',
    "    0.305 s  audit: denied (rate): write /x; rule: can.write",
    `    0.350 s  steward, request ${request} of sysadmin: begins pause x`,
    `    0.400 s  audit: concierge [${child}] task claimed, from concierge (uid 7, unverified), an answer to ${id}`,
    `    0.450 s  audit: concierge [${child}] task failed: no idea`,
    "    1.500 s  done: end",
    "    1.600 s  audit: task done",
  ];
  expect(told.filter((line) => inOrder.includes(line))).toEqual(inOrder);
  const json = makeIo(root);
  await run([id, "--json"], json.io);
  expect(JSON.parse(json.out())).toMatchObject({
    ...{ id, agent: "sysadmin", journal: "read", hidden: [], differences: [] },
    related: { parents: [parent], children: [child, request], replies: [child], others: [] },
  });
});

test("says where journal and audit trail tell another story", async () => {
  const root = traced(encodeLines(journal));
  keep(root, (all) => {
    const forged = { args_sha256: "0".repeat(64) };
    const more = { ...all[2], index: 3 };
    return [...all.map((one) => (one["kind"] === "tool-call" ? { ...one, ...forged } : one)), more];
  });
  const { io, out } = makeIo(root);
  await run(["x"], io);
  expect(out()).toContain("they differ: call 1.1 has other arguments in the journal");
  expect(out()).toContain("they differ: call 1.3 is in the audit trail and not in the journal");
});

test("without the journal, what is on record is still told", async () => {
  const { root } = makeSystem();
  keep(root);
  const { io, out, err } = makeIo(root);
  expect(await run([id], io)).toBe(exit.ok);
  expect(err()).toContain("without the journal");
  expect(out()).toContain(`${id} at sysadmin`);
  expect(out()).toContain("tool 1.1 shell ls");
  const json = makeIo(root);
  await run([id, "--json"], json.io);
  expect(JSON.parse(json.out())).toMatchObject({ journal: "missing", events: [] });
});

test("what another agent says about a task stands under its own name", async () => {
  const root = traced(encodeLines(journal));
  keep(root, (all) => [{ ...all.at(-1), agent: "concierge", state: "cancelled" }]);
  const { io, out } = makeIo(root);
  await run(["x"], io);
  expect(out()).toContain(`audit: concierge [${id}] task cancelled`);
});
