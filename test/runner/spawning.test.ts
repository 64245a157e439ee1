/** What a task carries on to temporary agents, and what it gives away. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { ToolConstraint } from "../../src/config/types.ts";
import { createSpawning } from "../../src/runner/spawning.ts";
import { createAskSteward } from "../../src/runner/steward.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { requestOf } from "../../src/task/codec.ts";
import { behalfOf } from "../../src/task/principal.ts";
import type { Request, Task } from "../../src/task/task.ts";
import { agentRuntime } from "../support/agent-runtime.ts";

let uses = "";
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), "con-spawning-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  uses = join(root, "uses.json");
});

const id = "01900000-0000-7000-8000-000000000000";
const task = (request: Partial<Request> = {}, agent: string | null = "front"): Task => ({
  ...{ id, trust: "unverified", receivedAt: "", size: 1 },
  from: { uid: 20_000, name: agent ?? "root", agent },
  request: requestOf("x", request),
});

const unbounded: ToolConstraint = { perMinute: null, uses: null, until: null };
const right = { roles: ["scout"], depth: 1, live: 1 };

function spawning(tools: Readonly<Record<string, ToolConstraint>> = {}, of = task()) {
  const agent = agentRuntime({ name: "boss", spawn: right, constraints: { tools, until: {} } });
  const made = createSpawning(
    { disk: nodeDisk, now: () => 1000, agent, paths: { uses, state: "/nowhere" } },
    of,
  );
  if (made === null) throw new Error("it may");
  return made;
}

const total = (): number =>
  (JSON.parse(readFileSync(uses, "utf8")) as { counters: Record<string, { total: number }> })
    .counters["tool:shell"]?.total ?? 0;

test("only for who may, with what came with the task, and not without end", () => {
  const agent = agentRuntime({ name: "boss" });
  expect(
    createSpawning(
      { disk: nodeDisk, now: () => 0, agent, paths: { uses, state: "/nowhere" } },
      task(),
    ),
  ).toBeNull();
  const carried = spawning({}, task({ thread: "t", hops: 7, via: ["a"] }));
  expect(carried.carried).toEqual({
    ...{ thread: "t", hops: 7, via: ["a", "front"] },
    on_behalf_of: behalfOf("boss", "uid-20000"),
  });
  expect(carried.refusal).toBeNull();
  expect(spawning({}, task({ hops: 8 })).refusal).toContain("8 agents");
});

test("what is given away counts at once, all or nothing, and once for a call", () => {
  const { giveAway } = spawning({
    shell: { ...unbounded, uses: 5 },
    reply: { ...unbounded, uses: 1 },
  });
  expect(giveAway({ shell: 3, agents: 9 }, "1-1")).toBeNull();
  expect(giveAway({ shell: 3, agents: 9 }, "1-1")).toBeNull();
  expect(total()).toBe(3);
  expect(giveAway({ shell: 1, reply: 2 }, "1-2")).toMatchObject({
    code: "used_up",
    asked: "tool reply",
  });
  expect(giveAway({ shell: 3 }, "1-3")).toMatchObject({ code: "used_up", asked: "tool shell" });
  expect(total()).toBe(3);
  expect(giveAway({ shell: 2 }, "1-4")).toBeNull();
  expect(total()).toBe(5);
});

test("more at once than a minute allows is refused for good, not put off", () => {
  const { giveAway } = spawning({ shell: { ...unbounded, perMinute: 2 } });
  expect(giveAway({ shell: 3 }, "1-1")).toMatchObject({
    code: "rate",
    how: "give away at most 2 calls at once",
  });
  expect(giveAway({ shell: 2 }, "1-1")).toBeNull();
});

test("the same call asks under the same id, whenever it is made", async () => {
  const ids = new Set<string>();
  const steward = { inbox: "", seen: ids };
  const disk = new Proxy(nodeDisk, {
    get: (real, key) =>
      key === "find"
        ? (path: string) => {
            const [found] = /[0-9a-f-]{36}(?=\.json$)/.exec(path) ?? [];
            if (found !== undefined) steward.seen.add(found);
            throw Object.assign(new Error("no"), { code: "ENOENT" });
          }
        : Reflect.get(real, key),
  });
  const ask = createAskSteward(
    { disk, now: () => 0, agent: { name: "boss" }, paths: {} as never },
    id,
  );
  for (const deadline of ["2030-01-01T00:00:00.000Z", "2031-01-01T00:00:00.000Z"])
    await ask({ verb: "spawn", deadline, children: [] }, "1-1");
  expect(ids.size).toBe(1);
  await ask({ verb: "spawn", deadline: "", children: [1] }, "1-1");
  expect(ids.size).toBe(2);
});
