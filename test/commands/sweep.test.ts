import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { agentsWithWork, endedChildren, stewardHasWork } from "../../src/commands/sweep.ts";
import type { AgentEntry, SystemRuntime } from "../../src/config/runtime.ts";
import type { Spawn } from "../../src/host/children/types.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { child, place, spawn } from "../host/children/records.ts";

let root = "";
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), "con-sweep-"));
  fs.mkdirSync(join(root, "inbox"));
  for (const name of ["desk", "x", "here"]) {
    const { inbox, queue } = agentPaths(root, name);
    for (const path of [inbox, queue.active, queue.deferred, queue.held])
      fs.mkdirSync(path, { recursive: true });
  }
});
afterEach(() => fs.rmSync(root, { recursive: true }));

const now = 1_800_000_000_000;

function system(): SystemRuntime {
  const rest = { uid: 0, tier: "worker", description: "", model: "", schedule: null, wake: "path" };
  const agents = ["desk", "x", "never-made"].map((name) => ({ name, ...rest })) as AgentEntry[];
  return {
    version: 1,
    name: "",
    root,
    frontDesk: "desk",
    gateway: "",
    agents,
    models: [],
  };
}

const found = (): string[] => agentsWithWork(nodeDisk, system(), now);

const put = (path: string): void => fs.writeFileSync(join(root, path), "");

test("nobody has work in empty folders, and an agent without folders is passed over", () => {
  expect(found()).toEqual([]);
});

test.each([
  ["a task in its inbox", "agents/x/inbox/a.task", ["x"]],
  ["a task set aside while it was written", "agents/x/inbox/.open-12-a.task", ["x"]],
  ["a leftover of a crash", "agents/x/queue/active/a.task", ["x"]],
  ["a task in the outer inbox", "inbox/a.task", ["desk"]],
  ["a delivery under way", "agents/x/inbox/.a.task.tmp-00", []],
  ["a file that is no task", "agents/x/inbox/notes.txt", []],
])("%s", (_, path, expected) => {
  put(path);
  expect(found()).toEqual(expected);
});

test("a deferred task counts once its time has come", () => {
  put("agents/x/queue/deferred/a.task");
  const path = join(root, "agents/x/queue/deferred/a.task");
  fs.utimesSync(path, now / 1000 + 60, now / 1000 + 60);
  expect(found()).toEqual([]);
  fs.utimesSync(path, now / 1000 - 1, now / 1000 - 1);
  expect(found()).toEqual(["x"]);
});

test("a link is looked at, never followed", () => {
  fs.symlinkSync("/nonexistent", join(root, "agents/x/queue/deferred/a"));
  fs.lutimesSync(join(root, "agents/x/queue/deferred/a"), now / 1000 - 1, now / 1000 - 1);
  expect(found()).toEqual(["x"]);
});

/** They are of agent `x`, whose task waits. */
const ended = (deadline: number, ...names: string[]): string[] => {
  const places = names.map((name, at) => place({ child: child(name, 60_600 + at) }));
  return endedOf({ deadline: new Date(deadline).toISOString(), places });
};
const waiting = `agents/x/queue/held/${spawn().task}.task`;
const endedOf = (of: Partial<Spawn>): string[] =>
  endedChildren(nodeDisk, system(), [spawn({ parent: "x", ...of })], now);

test("a temporary agent is looked at when its time is over, or when it has nothing left to do", () => {
  put(waiting);
  put("agents/here/queue/active/a.task");
  expect(ended(now + 1, "here", "desk")).toEqual(["desk"]);
  expect(ended(now, "here", "desk")).toEqual(["here", "desk"]);
  put("agents/desk/inbox/a.task");
  expect(ended(now + 1, "here", "desk")).toEqual([]);
});

test("temporary agents are looked at when the task that made them has ended", () => {
  put("agents/here/queue/active/a.task");
  expect(ended(now + 1, "here")).toEqual(["here"]);
  for (const place of ["active", "deferred"]) {
    put(`agents/x/queue/${place}/${spawn().task}.task`);
    expect(ended(now + 1, "here")).toEqual([]);
    fs.rmSync(join(root, `agents/x/queue/${place}/${spawn().task}.task`));
  }
});

test("what has to go is looked at until it is gone, whatever lies in its folder", () => {
  put(waiting);
  put("agents/here/queue/active/a.task");
  const result = { status: "failed", text: "", attempts: 1, firstError: null } as const;
  const one = place({ child: child("here", 60_600), result });
  const deadline = new Date(now + 1).toISOString();
  expect(endedOf({ deadline, places: [one] })).toEqual(["here"]);
});

test("a record without anybody left is looked at itself", () => {
  expect(ended(now + 1)).toEqual([spawn().id]);
});

test("the steward has work while a request or a mark waits, and not for what is still written", () => {
  const [inbox, ended] = [join(root, "requests"), join(root, "ended")];
  const has = () => stewardHasWork(nodeDisk, inbox, ended);
  expect(has()).toBe(false);
  for (const directory of [inbox, ended]) fs.mkdirSync(directory);
  fs.writeFileSync(join(inbox, ".new.json"), "");
  expect(has()).toBe(false);
  fs.writeFileSync(join(ended, "layers"), "");
  expect(has()).toBe(true);
  fs.rmSync(join(ended, "layers"));
  fs.writeFileSync(join(inbox, "x.json"), "");
  expect(has()).toBe(true);
});
