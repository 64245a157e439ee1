/** The gate before tools that wait for people, alone and in the loop; the steward's inbox is a directory. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { JournalLine } from "../../src/agent/journal.ts";
import { approvalId, askedCall, canonical } from "../../src/runner/approval/call.ts";
import type { ApprovalEvent } from "../../src/runner/approval/question.ts";
import { type ApprovalWorld, approvalGate } from "../../src/runner/approval.ts";
import { createParser } from "../../src/steward/request.ts";
import type { StewardRequest } from "../../src/steward/types.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import type { Woken } from "../../src/task/hold.ts";
import {
  aTask,
  call,
  countingTool,
  createBench,
  scriptedModel,
} from "../agent/support/scripted.ts";

const task = aTask("x");
const parse = createParser();
/** The clock of the loop stands still there too. */
const now = Date.parse("2026-01-01T00:00:00Z");

function bed(approvers = 1) {
  const root = mkdtempSync(join(tmpdir(), "con-approval-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const places = { inbox: join(root, "inbox"), outbox: join(root, "outbox") };
  for (const path of Object.values(places)) mkdirSync(path);
  const rule = { tool: "shell", approvers, expirySeconds: 60 };
  const world: ApprovalWorld = {
    disk: nodeDisk,
    now: () => now,
    agent: { name: "desk", approval: [rule] },
    places,
    paths: { workspace: root },
  };
  const asked = (): { id: string; request: StewardRequest }[] =>
    readdirSync(places.inbox).map((name) => {
      const parsed = parse(readFileSync(join(places.inbox, name)));
      if (!parsed.ok) throw new Error(parsed.why);
      return { id: name.replace(/\.json$/, ""), request: parsed.request };
    });
  return { world, places, asked, gate: approvalGate(world, task) };
}

const shell = (args: object = { command: "id" }, woken: Woken | null = null) => ({
  ...{ tool: "shell", args: args as Readonly<Record<string, unknown>>, callId: "1-1", woken },
});

const answer = (to: string, text: string, from = "root"): Woken => ({
  call: "1-1",
  answers: [{ to, from, id: "01890a5d-ac96-774b-bcce-b302099a8057", text }],
  over: null,
});

const idOf = (args: object, callId = "1-1"): string =>
  approvalId("desk", task.id, callId, askedCall("shell", args as Record<string, unknown>));

describe("the gate", () => {
  test("other tools pass and nobody is asked", async () => {
    const { gate, asked } = bed();
    expect(await gate({ ...shell(), tool: "read_file" })).toBeNull();
    expect(asked()).toEqual([]);
  });

  test("a listed one waits: one question, however often it is asked", async () => {
    const { gate, asked } = bed(2);
    const id = idOf({ command: "id" });
    for (const _ of [1, 2, 3])
      expect(await gate(shell())).toMatchObject({
        ok: false,
        hold: {
          waitFor: [id],
          until: now + 75_000,
          why: expect.stringContaining("2 people"),
        },
      });
    expect(asked()).toMatchObject([
      { id, request: { verb: "ask_approval", tool: "shell", call: "1-1", task: task.id } },
    ]);
  });

  test("root's plain yes to this very question lets it run, nothing else does", async () => {
    const { gate } = bed();
    const id = idOf({ command: "id" });
    expect(await gate(shell(undefined, answer(id, "done\napproved by trent")))).toBeNull();
    const refused = [
      "refused\ndenied by trent: not today",
      "failed\nno",
      "",
      "Done",
      "done, but no",
      "approved by trent",
    ];
    for (const text of refused) {
      const result = await gate(shell(undefined, answer(id, text)));
      expect(result).toMatchObject({ ok: false });
      expect(result?.hold).toBeUndefined();
    }
    const denied = await gate(shell(undefined, answer(id, "refused\ndenied by trent: not today")));
    expect(denied?.text).toContain("denied by trent: not today");
  });

  test("the yes to another call, of another agent or by somebody else only makes it wait", async () => {
    const { gate } = bed();
    const id = idOf({ command: "id" });
    for (const woken of [
      answer(idOf({ command: "rm" }), "done"),
      answer(idOf({ command: "id" }, "1-2"), "done"),
      answer(id, "done", "a-drone"),
    ])
      expect((await gate(shell(undefined, woken)))?.hold?.waitFor).toEqual([id]);
  });

  test("what becomes of the question is heard by the audit", async () => {
    const { world } = bed();
    const heard: string[] = [];
    const listening = { ...world, heard: ({ state }: ApprovalEvent) => void heard.push(state) };
    const gate = approvalGate(listening, task);
    const id = idOf({ command: "id" });
    await gate(shell());
    await gate(shell({ command: "id" }, answer(id, "done\napproved by root")));
    await gate(shell({ command: "id" }, answer(id, "refused\ndenied by root: no")));
    await gate(shell({ command: "id" }, { call: "1-1", answers: [], over: "the time is over" }));
    expect(heard).toEqual(["asked", "approved", "denied", "expired"]);
  });

  test("time over is a no", async () => {
    const { gate } = bed();
    const over = { call: "1-1", answers: [], over: "the time is over" };
    const result = await gate(shell(undefined, over));
    expect(result?.text).toContain("nobody approved it: the time is over");
    expect(result?.hold).toBeUndefined();
  });

  test("without a steward it is refused", async () => {
    const { world, places } = bed();
    rmSync(places.inbox, { recursive: true });
    const result = await approvalGate(world, task)(shell());
    expect(result).toMatchObject({
      ok: false,
      text: expect.stringContaining("nobody can be asked"),
    });
    expect(result?.hold).toBeUndefined();
  });
});

describe("what people see of a call", () => {
  test("equal arguments are one call, whatever the order of keys", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const one = { a, b };
        expect(askedCall("t", { b, a })).toEqual(askedCall("t", one));
        const isSame = canonical({ a: b, b: a }) === canonical(one);
        const sum = askedCall("t", { a: b, b: a }).arguments_sha256;
        expect(sum === askedCall("t", one).arguments_sha256).toBe(isSame);
      }),
    );
  });

  test("the steward takes it whatever is in it, and a terminal does not obey it", () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.string()), { maxLength: 20 });
    fc.assert(
      fc.property(texts, (list) => {
        const { preview } = askedCall("shell", { command: list.join("\u202e\u0085\u007f") });
        expect(preview.length).toBeLessThanOrEqual(2048);
        expect(preview.isWellFormed()).toBe(true);
        expect(preview).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      }),
      { numRuns: 50 },
    );
  });

  test("keys are not shown", () => {
    const { preview } = askedCall("shell", { command: `curl -H "Bearer sk-${"a1".repeat(12)}"` });
    expect(preview).not.toContain("a1a1a1a1");
    expect(preview).toContain("curl");
  });
});

type Word = "done\napproved by trent" | "refused\ndenied by trent: no";

class Death extends Error {}

/** The whole life of a task with one call that waits, killed at the `last`-th write of its journal. */
async function live(word: Word, last: number) {
  const { world, asked } = bed();
  const counted = countingTool("shell");
  const model = scriptedModel([
    { toolCalls: [call("shell", { text: "id" })] },
    { text: "the answer" },
  ]);
  const disk: JournalLine[] = [];
  let writes = 0;
  let woken: Woken[] = [];
  for (let attempt = 0; attempt < 6; attempt += 1) {
    let dead = false;
    const append = (more: readonly JournalLine[]): void => {
      writes += 1;
      if (dead || writes === last) {
        dead = true;
        throw new Death();
      }
      disk.push(...structuredClone(more));
    };
    const deps = { journal: { append }, gate: approvalGate(world, task) };
    const bench = createBench(model, [counted.tool], deps, task);
    const outcome = await bench.run({ history: [...disk], woken });
    if (outcome.kind === "held" && !dead) {
      const [hold] = outcome.holds;
      woken = [{ ...answer(hold?.waitFor[0] ?? "", word), call: hold?.call ?? "" }];
    }
    if (outcome.kind === "done" && !dead)
      return { calls: counted.calls.length, model, writes, questions: asked().length };
  }
  throw new Error("it never ended");
}

describe("exactly once, killed at every write of the journal", () => {
  test.each<[Word, number]>([
    ["done\napproved by trent", 1],
    ["refused\ndenied by trent: no", 0],
  ])("%j", async (word, expected) => {
    const whole = await live(word, Number.POSITIVE_INFINITY);
    expect(whole).toMatchObject({ calls: expected, questions: 1 });
    expect(whole.writes).toBeGreaterThan(3);
    for (let last = 1; last <= whole.writes; last += 1) {
      const { calls, questions, model } = await live(word, last);
      expect([last, calls, questions]).toEqual([last, expected, 1]);
      const results = model.requests.at(-1)?.messages.filter(({ role }) => role === "tool");
      expect(results).toHaveLength(1);
      if (expected === 0) expect(results?.[0]?.content).toContain("denied by trent: no");
    }
  });
});
