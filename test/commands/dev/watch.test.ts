import { rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasWork, isCalled, watchAgents } from "../../../src/commands/dev/watch.ts";
import { noBudget, noMay } from "../../../src/config/authority.ts";
import type { AgentRuntime } from "../../../src/config/runtime.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import { makeSystem } from "../support.ts";

const agentIn = (root: string, name: string): AgentRuntime => ({
  version: 1,
  name,
  uid: 0,
  tier: "worker",
  model: "fast",
  inboxes: [join(root, "agents", name, "inbox")],
  trustedUids: [],
  taskerUids: [],
  may: noMay,
  approval: [],
  budget: noBudget,
  can: { task: [], read: [], write: [], network: [], tools: [], models: [] },
  limits: { memory: "1G", cpu: "100%", tasks: 1, runtimeSeconds: 1, steps: 1 },
  schedule: null,
  instructions: "",
  skills: [],
});

const quiet = { disk: nodeDisk, now: Date.now, sweepMs: 3_600_000 };

test("a task calls; a file still open, an active and a due task are only swept", () => {
  const { root, put } = makeSystem(["a"]);
  const world = { ...quiet, root, run: () => Promise.resolve(false) };
  const agent = agentIn(root, "a");
  const seen = () => [isCalled(world, agent), hasWork(world, agent)];
  expect(seen()).toEqual([false, false]);
  for (const [path, called] of [
    ["inbox/x.task", true],
    ["inbox/.open-1-x.task", false],
    ["queue/active/x.task", false],
    ["queue/deferred/x.task", false],
  ] as const) {
    const whole = put(`agents/a/${path}`, "x");
    expect(seen()).toEqual([called, true]);
    rmSync(whole);
  }
  put("agents/a/inbox/x.txt", "no task");
  put("agents/a/inbox/.x.task.tmp-1", "not yet");
  const later = put("agents/a/queue/deferred/x.task", "x");
  utimesSync(later, Date.now() / 1000 + 3600, Date.now() / 1000 + 3600);
  expect(seen()).toEqual([false, false]);
});

test("a drop starts one session of its agent, and one more when something came meanwhile", async () => {
  const { root, put } = makeSystem(["a", "b"]);
  const ran: string[] = [];
  let settled = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    settled = resolve;
  });
  const run = async ({ name }: AgentRuntime): Promise<boolean> => {
    ran.push(name);
    rmSync(join(root, "agents/b/inbox", `${ran.length}.task`));
    if (ran.length === 1) put("agents/b/inbox/2.task", "x");
    else settled();
    return true;
  };
  const agents = [agentIn(root, "a"), agentIn(root, "b")];
  const watching = await watchAgents({ ...quiet, root, run }, agents);
  put("agents/b/inbox/1.task", "x");
  await done;
  await watching.close();
  expect(ran).toEqual(["b", "b"]);
});

test("what lies there at the start is found, and a session that cannot go on is not spun", async () => {
  const { root, put } = makeSystem(["a"]);
  put("agents/a/inbox/1.task", "x");
  let runs = 0;
  const run = (): Promise<boolean> => {
    runs += 1;
    return Promise.resolve(false);
  };
  const watching = await watchAgents({ ...quiet, root, run }, [agentIn(root, "a")]);
  await watching.close();
  expect(runs).toBe(1);
});
