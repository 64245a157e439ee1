import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { agentsWithWork } from "../../src/commands/sweep.ts";
import type { AgentEntry, SystemRuntime } from "../../src/config/types.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { nodeDisk } from "../../src/system/disk.ts";

let root = "";
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), "con-sweep-"));
  fs.mkdirSync(join(root, "inbox"));
  for (const name of ["desk", "x"]) {
    const { inbox, queue } = agentPaths(root, name);
    for (const path of [inbox, queue.active, queue.deferred])
      fs.mkdirSync(path, { recursive: true });
  }
});
afterEach(() => fs.rmSync(root, { recursive: true }));

const now = 1_800_000_000_000;

function found(): string[] {
  const rest = { uid: 0, tier: "worker", description: "", model: "", schedule: null, wake: "path" };
  const agents = ["desk", "x", "never-made"].map((name) => ({ name, ...rest })) as AgentEntry[];
  const system: SystemRuntime = {
    version: 1,
    name: "",
    root,
    frontDesk: "desk",
    gateway: "",
    agents,
    models: [],
  };
  return agentsWithWork(nodeDisk, system, now);
}

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
