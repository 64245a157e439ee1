/** The question for more money, as the runner asks it; the steward's inbox is a directory. */
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SpendQuestion } from "../../src/agent/ask-spending.ts";
import type { SpendNeed } from "../../src/model/types.ts";
import { pathReader } from "../../src/runner/approval/paths.ts";
import type { ApprovalEvent } from "../../src/runner/approval/question.ts";
import { spendingGate } from "../../src/runner/approval/spend.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { readNote } from "../../src/spool/notes.ts";
import { createParser } from "../../src/steward/request.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import type { Woken } from "../../src/task/hold.ts";
import { aTask } from "../agent/support/scripted.ts";
import { makeDirectories, temporaryRoot } from "../spool/support/fixture.ts";

const parse = createParser();
const now = Date.parse("2026-01-01T00:00:00Z");
const task = aTask("Count the stars.\u001b[2J And tell nobody.");

function bed() {
  const root = temporaryRoot();
  makeDirectories(root, "desk");
  const places = { inbox: join(root, "steward-in"), outbox: join(root, "steward-out") };
  for (const path of Object.values(places)) mkdirSync(path);
  const heard: string[] = [];
  const paths = agentPaths(root, "desk");
  const world = {
    disk: nodeDisk,
    now: () => now,
    agent: { name: "desk", approval: [{ tool: "spend", approvers: 2, expirySeconds: 60 }] },
    paths,
    places,
    heard: ({ state }: ApprovalEvent) => void heard.push(state),
  };
  const asked = () =>
    readdirSync(places.inbox).map((name) => {
      const parsed = parse(readFileSync(join(places.inbox, name)));
      if (!parsed.ok) throw new Error(parsed.why);
      return { id: name.replace(/\.json$/, ""), ...parsed.request };
    });
  return { root, paths, places, asked, heard, gate: spendingGate(world, task) };
}

const need: SpendNeed = {
  ...{ agent: "desk", task: task.id, unit: "usd", limit: 0.5 },
  ...{ spent: 0.4, allowed: 0, slice: 1 },
};

const question = (rest: Partial<SpendQuestion> = {}): SpendQuestion => ({
  ...{ need, callId: "2-model", retries: 0, woken: null },
  ...rest,
});

const answered = (to: string, text: string, from = "root"): Woken => ({
  call: "2-model",
  answers: [{ to, from, id: "01890a5d-ac96-774b-bcce-b302099a8057", text }],
  over: null,
});

describe("the question for more money", () => {
  test("is one, however often it is asked, and another for another amount or a new try", async () => {
    const { gate, asked } = bed();
    const wait = { kind: "wait", hold: { until: now + 75_000 } };
    for (const _ of [1, 2]) expect(await gate(question())).toMatchObject(wait);
    expect(asked()).toMatchObject([
      {
        verb: "ask_approval",
        tool: "spend",
        task: task.id,
        call: "2-model",
        spend: { agent: "desk", task: task.id, unit: "usd", slice: 1 },
        preview: "Count the stars.\\u{1b}[2J And tell nobody.",
      },
    ]);
    await gate(question({ need: { ...need, slice: 2 } }));
    await gate(question({ need: { ...need, unit: "tokens" } }));
    await gate(question({ retries: 1 }));
    expect(asked()).toHaveLength(4);
  });

  test("is noted before anybody is asked", async () => {
    const { gate, paths, places } = bed();
    rmSync(places.inbox, { recursive: true });
    expect(await gate(question())).toMatchObject({
      kind: "no",
      why: expect.stringContaining("nobody can be asked"),
    });
    expect(readNote(nodeDisk, paths, task.id)?.calls).toMatchObject([
      { call: "2-model", waitFor: [{ from: null }] },
    ]);
  });

  test("only root's plain yes to it lets the call be made", async () => {
    const { gate, asked, heard } = bed();
    await gate(question());
    const [{ id } = { id: "" }] = asked();
    const say = (text: string, from?: string) =>
      gate(question({ woken: answered(id, text, from) }));
    expect(await say("done\napproved by trent")).toEqual({ kind: "go" });
    expect(await say("refused\ndenied by trent: no")).toEqual({
      kind: "no",
      why: "denied by trent: no",
    });
    for (const text of ["", "Done", "failed\nno", "done, but"])
      expect(await say(text)).toMatchObject({ kind: "no" });
    expect(await say("done", "a-drone")).toMatchObject({ kind: "wait" });
    const over = { call: "2-model", answers: [], over: "the time for it is over" };
    expect(await gate(question({ woken: over }))).toMatchObject({ kind: "no" });
    expect(new Set(heard)).toEqual(new Set(["asked", "approved", "denied", "expired"]));
  });
});

describe("a path in the arguments of a file tool", () => {
  function workspace() {
    const root = temporaryRoot();
    const work = join(root, "work");
    const far = join(root, "public");
    for (const path of [work, far]) mkdirSync(path);
    const read = pathReader("write_file", work);
    const places = (path: string) => {
      const found = read("path", path);
      return typeof found === "object" ? (found?.places ?? null) : found;
    };
    return { root, work, far, places };
  }

  test("is the same in every spelling", () => {
    const { work, far, places } = workspace();
    const one = join(far, "new");
    for (const spelling of [
      one,
      `${far}//new`,
      `${far}/./new`,
      `${far}/x/../new`,
      "../public/new",
      `${work}/../public/new/`,
      `/..${one}`,
    ])
      expect([spelling, places(spelling)]).toEqual([spelling, [one]]);
  });

  test("is also where a link on the way leads", () => {
    const { work, far, places } = workspace();
    symlinkSync(far, join(work, "link"));
    writeFileSync(join(far, "there"), "");
    expect(places("link/new")).toEqual([join(work, "link/new"), join(far, "new")]);
    expect(places("link/a/b")).toEqual([join(work, "link/a/b"), join(far, "a/b")]);
    expect(places("link/there")).toEqual([join(work, "link/there"), join(far, "there")]);
  });

  test("is unclear where nobody can tell, so that the call counts as meant", () => {
    const { work, far, places } = workspace();
    symlinkSync(join(far, "nothing-there"), join(work, "dangling"));
    symlinkSync("loop", join(work, "loop"));
    writeFileSync(join(work, "file"), "");
    for (const path of ["dangling", "loop", "file/below", "a\0b", "x".repeat(300)])
      expect([path, places(path)]).toEqual([path, "unclear"]);
  });

  test("is no path of another tool, or in another argument", () => {
    expect(pathReader("shell", "/w")("path", "x")).toBeNull();
    expect(pathReader("write_file", "/w")("content", "x")).toBeNull();
    expect(pathReader("search_files", "/w")("path", "/")).toMatchObject({ below: true });
  });
});
