/** The question whether a task goes on, as the runner asks it; the steward's inbox is a directory. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ContinueQuestion } from "../../src/agent/brakes/ask-continue.ts";
import { continueGate } from "../../src/runner/approval/continue.ts";
import type { ApprovalEvent } from "../../src/runner/approval/question.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { readNote } from "../../src/spool/notes.ts";
import { createParser } from "../../src/steward/request.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import type { Woken } from "../../src/task/hold.ts";
import { aTask } from "../agent/support/scripted.ts";
import { makeDirectories, temporaryRoot } from "../spool/support/fixture.ts";

const parse = createParser();
const now = Date.parse("2026-01-01T00:00:00Z");
const day = 24 * 3_600_000;
const task = aTask("Count the stars.");
const summary = `Half\u001b[2J is done. ${"x".repeat(5000)}`;

const listed = [{ tool: "continue", approvers: 1, expirySeconds: 86_400 }];

function bed(approval: readonly (typeof listed)[number][] = listed) {
  const root = temporaryRoot();
  makeDirectories(root, "desk");
  const places = { inbox: join(root, "steward-in"), outbox: join(root, "steward-out") };
  for (const path of Object.values(places)) mkdirSync(path);
  const heard: string[] = [];
  const paths = agentPaths(root, "desk");
  const world = {
    ...{ disk: nodeDisk, now: () => now, agent: { name: "desk", approval }, paths, places },
    heard: ({ state }: ApprovalEvent) => void heard.push(state),
  };
  const asked = () =>
    readdirSync(places.inbox).map((name) => {
      const parsed = parse(readFileSync(join(places.inbox, name)));
      if (!parsed.ok) throw new Error(parsed.why);
      return { id: name.replace(/\.json$/, ""), ...parsed.request };
    });
  return { paths, places, asked, heard, gate: continueGate(world, task) };
}

const question = (rest: Partial<ContinueQuestion> = {}): ContinueQuestion => ({
  ...{ n: 1, calls: 300, summary, callId: "1-continue", retries: 0, woken: null },
  ...rest,
});
const answered = (to: string, text: string, from = "root"): Woken => ({
  call: "1-continue",
  answers: [{ to, from, id: "01890a5d-ac96-774b-bcce-b302099a8057", text }],
  over: null,
});

test("is one question however often it is asked, which the steward takes, noted before", async () => {
  const { gate, asked, paths, heard } = bed();
  for (const _ of [1, 2])
    expect(await gate(question())).toMatchObject({
      kind: "wait",
      hold: { until: now + day + 15_000 },
    });
  const [one] = asked();
  expect(asked()).toMatchObject([
    {
      ...{ verb: "ask_approval", tool: "continue", task: task.id, call: "1-continue" },
      expires: new Date(now + day).toISOString(),
      preview: expect.stringContaining("300 tool calls so far. Half\\u{1b}[2J is done."),
    },
  ]);
  const calls = readNote(nodeDisk, paths, task.id)?.calls ?? [];
  expect(calls).toMatchObject([{ call: "1-continue", waitFor: [{ id: one?.id, from: null }] }]);
  for (const other of [question({ n: 2 }), question({ retries: 1 })]) await gate(other);
  expect(asked()).toHaveLength(3);
  expect(heard).toEqual(["asked", "asked", "asked", "asked"]);
});

test("takes root's word alone, with what people said", async () => {
  const { gate, asked, heard } = bed();
  await gate(question());
  const id = asked()[0]?.id ?? "";
  const say = (text: string, from?: string) => gate(question({ woken: answered(id, text, from) }));
  expect(await say("done\napproved by trent: be quick")).toEqual({
    ...{ kind: "go", words: "approved by trent: be quick" },
  });
  expect(await say("refused\ndenied by trent: no")).toEqual({
    kind: "no",
    why: "denied by trent: no",
  });
  expect(await say("done\napproved", "peer")).toMatchObject({ kind: "wait" });
  const woken = { call: "1-continue", answers: [], over: "the time for it is over" };
  expect(await gate(question({ woken }))).toMatchObject({ kind: "no" });
  expect(heard).toEqual(["asked", "approved", "denied", "asked", "expired"]);
});

test("is put off or refused where nobody can be asked", async () => {
  const { gate, places } = bed();
  rmSync(places.inbox, { recursive: true });
  writeFileSync(places.inbox, "");
  expect(["later", "no"]).toContain((await gate(question())).kind);
});

test("without a way to the steward the question is the task's own, and a person's word alone decides", async () => {
  const { gate, asked, heard } = bed([]);
  const [first, again] = [await gate(question()), await gate(question())];
  expect(first).toEqual(again);
  if (first.kind !== "wait") throw new Error("it does not wait");
  const { waitFor, question: text } = first.hold;
  expect(text).toContain("300 tool calls so far. Half");
  expect(asked()).toEqual([]);
  const id = waitFor[0] ?? "";
  const say = (words: string, rest: object) =>
    gate(
      question({
        woken: {
          call: "1-continue",
          answers: [{ to: id, from: "trent", id: task.id, text: words, ...rest }],
          over: null,
        },
      }),
    );
  expect(await say("done", { person: true })).toEqual({ kind: "go", words: "approved by trent" });
  expect(await say("done\nbe quick", { person: true })).toEqual({
    ...{ kind: "go", words: "approved by trent: be quick" },
  });
  expect(await say("refused\nno", { person: true })).toEqual({
    kind: "no",
    why: "denied by trent: no",
  });
  expect(await say("done\nbe quick", {})).toMatchObject({ kind: "wait" });
  expect(heard).toEqual(["asked", "asked", "approved", "approved", "denied", "asked"]);
});
