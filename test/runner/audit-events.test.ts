/** Events of the audit trail out of journal lines; each must be one that the gateway takes. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { JournalLine } from "../../src/agent/journal.ts";
import { eventLimits, hear } from "../../src/gateway/audit/events.ts";
import { createTeller, newsEvent, type RunnerEvent } from "../../src/runner/audit/events.ts";
import { emptyTally } from "../../src/task/task.ts";
import { aTask } from "../agent/support/scripted.ts";

const at = "2027-01-31T12:00:00.000Z";
const call = (name: string, args: string) => ({ id: "c", name, arguments: args });

const reply = (...toolCalls: ReturnType<typeof call>[]): JournalLine => ({
  ...{ kind: "model-result", step: 1, text: "", toolCalls, model: "m", at },
  ...{ usage: { input: 1, output: 1 }, costUsd: 0 },
});
const intent = (index: number, name: string, args: string): JournalLine => ({
  ...{ kind: "tool-intent", step: 1, index, name, arguments: args, at },
});
const result = (index: number, ok: boolean, text: string, more: object = {}): JournalLine => ({
  ...{ kind: "tool-result", step: 1, index, ok, text, interrupted: false, sent: null, at },
  ...more,
});

/** As the gateway hears it. */
function heard(events: readonly RunnerEvent[]): Record<string, unknown>[] {
  return events.map((event, index) => {
    const text = JSON.stringify({ ...event, stream: "0".repeat(16), n: index + 1 });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(eventLimits.eventBytes);
    const one = hear(JSON.parse(text));
    if (typeof one === "string") throw new Error(`${one}: ${text}`);
    return one.record as Record<string, unknown>;
  });
}

test("a call has a hash and a short redacted preview, and its result no text", () => {
  const args = JSON.stringify({ command: `export TOKEN=hunter2; ${"x".repeat(5000)}` });
  const events = createTeller("t", []).tell([
    { kind: "attempt", at },
    reply(call("shell", args)),
    intent(1, "shell", args),
    result(1, true, "the secret output"),
  ]);
  const [attempt, begun, ended] = heard(events);
  expect(attempt).toMatchObject({ kind: "task", state: "attempt", journal_lines: 0, said_at: at });
  expect(begun).toMatchObject({
    ...{ kind: "tool-call", step: 1, index: 1, name: "shell", task: "t" },
    ...{ args_sha256: createHash("sha256").update(args).digest("hex"), args_bytes: args.length },
  });
  expect(Buffer.byteLength(String(begun?.["preview"]))).toBeLessThanOrEqual(200);
  expect(ended).toMatchObject({ kind: "tool-result", ok: true, bytes: 17 });
  expect(JSON.stringify(events)).not.toMatch(/hunter2|secret output/);
});

test("a call that was refused before it ran is told with why", () => {
  const denial = { code: "not_granted", asked: "write /x", rule: "can.write", how: "ask" } as const;
  const events = createTeller("t", []).tell([
    reply(call("nothing", "{}"), call("write_file", '{"path":"/x"}')),
    result(1, false, "there is no tool"),
    intent(2, "write_file", '{"path":"/x"}'),
    result(2, false, "denied", { denial }),
  ]);
  expect(heard(events)).toMatchObject([
    { kind: "tool-call", index: 1, name: "nothing", runs: false },
    { kind: "tool-result", index: 1, ok: false, why: "there is no tool" },
    { kind: "tool-call", index: 2, name: "write_file" },
    { kind: "tool-result", index: 2, ok: false },
    { kind: "denied", index: 2, ...denial },
  ]);
});

test("a resumed attempt tells only what is new, and how much there was", () => {
  const history = [reply(call("shell", "{}")), intent(1, "shell", "{}")];
  const cut = result(1, false, "interrupted: …", { interrupted: true });
  const events = createTeller("t", history).tell([{ kind: "attempt", at }, cut]);
  expect(heard(events)).toMatchObject([
    { kind: "task", state: "attempt", journal_lines: 2 },
    { kind: "tool-result", interrupted: true },
  ]);
});

test("whatever a model or a sender writes, the gateway takes the event", () => {
  const wild = `\ud800\u0000"\\${"é".repeat(5000)}`;
  const lines: JournalLine[] = [
    reply(call(wild, wild)),
    intent(1, wild, wild),
    result(1, false, wild, {
      sent: wild,
      denial: { code: "rate", asked: wild, rule: wild, how: wild },
    }),
    {
      kind: "tool-hold",
      step: 2,
      index: 1,
      waitFor: [wild, wild],
      until: 1e300,
      why: wild,
      gate: true,
      sent: wild,
      at,
    },
    { kind: "check-result", round: 1, results: [], text: wild, at },
    { kind: "final", outcome: { kind: "failed", why: wild, answer: wild, tally: emptyTally }, at },
  ];
  const task = { ...aTask("x"), id: wild, from: { uid: 5, name: wild, agent: null } };
  const news = { state: "held", task, why: wild, until: Number.NaN, waitFor: [wild] } as const;
  const events = [...createTeller(wild, []).tell(lines), newsEvent(news, 0)];
  expect(heard(events)).toHaveLength(7);
});
