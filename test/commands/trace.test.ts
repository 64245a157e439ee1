import { expect, test } from "vitest";
import { encodeLines, type JournalLine } from "../../src/agent/journal.ts";
import { run } from "../../src/commands/trace.ts";
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
    `    1.300 s  tool 1.1 error in 1000 ms: ${"y".repeat(300)}… (106 more)`,
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
