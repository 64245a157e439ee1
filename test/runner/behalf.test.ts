/** Over two real inboxes: what an agent sends says for whom, and what comes back goes to whom it was asked for. */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ownerOf } from "../../src/runner/memory/owner.ts";
import { createPeers, type PeersWorld } from "../../src/runner/peers.ts";
import { createPlans, planSection, readPlan } from "../../src/runner/plans.ts";
import { createSpawning } from "../../src/runner/spawning.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { decodeTask, requestOf } from "../../src/task/codec.ts";
import { principalOf } from "../../src/task/principal.ts";
import type { Request, Sender, Task } from "../../src/task/task.ts";
import { aTask } from "../agent/support/scripted.ts";
import { makeDirectories, temporaryRoot } from "../spool/support/fixture.ts";
import { agentRuntime } from "../support/agent-runtime.ts";

const names = ["desk", "peer", "third"];
const uidOf = (name: string): number => 7001 + names.indexOf(name);
const root: Sender = { uid: 0, name: "root", agent: null };
const mallory: Sender = { uid: 1666, name: "mallory", agent: null };
const until = Date.parse("2030-01-01T00:00:00Z");

let count = 0;
function from(sender: Sender, request: Partial<Request> = {}): Task {
  count += 1;
  return aTask("x", {
    id: `01900000-0000-7000-8000-${String(count).padStart(12, "0")}`,
    from: sender,
    trust: sender.uid === 0 ? "verified" : "unverified",
    request: requestOf("x", { thread: "t", ...request }),
  });
}

function setUp() {
  const base = temporaryRoot();
  for (const name of names) makeDirectories(base, name);
  const entries = names.map((name) => ({
    ...{ name, uid: uidOf(name), tier: "worker", description: "", model: "m" },
    ...{ schedule: null, wake: "path" },
  }));
  const worldOf = (name: string) =>
    ({
      disk: nodeDisk,
      now: Date.now,
      randomBytes: (size: number) => randomBytes(size),
      system: { agents: entries },
      agent: { name, can: { task: names } },
      paths: agentPaths(base, name),
      mailboxOf: (to: string) => ({ inbox: agentPaths(base, to).inbox, bell: null }),
    }) as unknown as PeersWorld;
  /** The task that `to` gets when `by` sends one while it works on `task`. */
  function sent(by: string, to: string, task: Task, way: "send" | "ask" = "send"): Task {
    const { inbox } = agentPaths(base, to);
    const peers = createPeers(worldOf(by), task);
    const result =
      way === "send" ? peers.send(to, "y") : peers.ask(to, "y", { callId: "1-1", until });
    if (!result.ok) throw new Error(result.why);
    const bytes = fs.readFileSync(join(inbox, `${result.id}.task`));
    const decoded = decodeTask(bytes, { maxBytes: 1 << 20, parseYaml: null });
    if (!decoded.ok) throw new Error(decoded.why);
    const sender = { uid: uidOf(by), name: by, agent: by };
    return { ...from(sender), id: result.id, request: decoded.request };
  }
  return { worldOf, sent };
}

describe("whom an agent is asked for", () => {
  it("is told apart at whom it asks, whatever way it asks, and the same for the same", () => {
    const { sent } = setUp();
    const at = (task: Task, way: "send" | "ask") => principalOf(sent("desk", "peer", task, way));
    const trusted = at(from(root), "send");
    expect(at(from(root), "ask")).toBe(trusted);
    expect(trusted).toMatch(/^uid-7001-for-[0-9a-f]{32}$/);
    const strange = at(from(mallory), "ask");
    expect(strange).not.toBe(trusted);
    expect(at(from(mallory), "send")).toBe(strange);
  });

  it("is told apart over another hop", () => {
    const { sent } = setUp();
    const far = (task: Task) => principalOf(sent("peer", "third", sent("desk", "peer", task)));
    expect(far(from(root))).toBe(far(from(root)));
    expect(far(from(root))).not.toBe(far(from(mallory)));
  });

  it("is carried on by an answer that comes late", () => {
    const { worldOf, sent } = setUp();
    const first = sent("desk", "peer", from(root));
    const peer = { uid: uidOf("peer"), name: "peer", agent: "peer" };
    const late = from(peer, { replyTo: first.id });
    const { disk, paths } = worldOf("desk");
    expect(ownerOf(disk, paths, late)).toBe("trusted");
    expect(principalOf(sent("desk", "peer", late))).toBe(principalOf(first));
    const strange = sent("desk", "peer", from(mallory));
    expect(principalOf(sent("desk", "peer", from(peer, { replyTo: strange.id })))).toBe(
      principalOf(strange),
    );
  });

  it("is carried on to temporary agents", () => {
    const { worldOf } = setUp();
    const { disk, paths } = worldOf("desk");
    const right = { roles: ["scout"], depth: 1, live: 1 };
    const agent = agentRuntime({ name: "desk", spawn: right });
    const carried = (task: Task) =>
      createSpawning({ disk, now: () => 0, agent, paths }, task)?.carried.on_behalf_of;
    expect(carried(from(root))).toBe(carried(from(root)));
    expect(carried(from(root))).not.toBe(carried(from(mallory)));
  });
});

describe("an answer that comes late", () => {
  it("opens the plan of whom it was asked for, in that thread, and is marked there", () => {
    const { worldOf, sent } = setUp();
    const world = worldOf("desk");
    const peer = { uid: uidOf("peer"), name: "peer", agent: "peer" };
    createPlans(world, from(root)).replace("of root\n", { tainted: false });
    createPlans(world, from(mallory)).replace("of mallory\n", { tainted: false });
    const answerTo = (task: Task, request: Partial<Request> = {}) =>
      from(peer, { replyTo: sent("desk", "peer", task).id, ...request });
    expect(readPlan(world, answerTo(from(root)))).toBe("of root\n");
    expect(readPlan(world, answerTo(from(mallory)))).toBe("of mallory\n");
    expect(readPlan(world, answerTo(from(root), { thread: "other" }))).toBeNull();
    expect(readPlan(world, from(peer))).toBeNull();

    expect(planSection(world, from(root))[0]?.untrusted).toBeUndefined();
    createPlans(world, answerTo(from(root))).replace("of peer\n", { tainted: false });
    const [section] = planSection(world, from(root));
    expect(section).toMatchObject({ text: "of peer\n", untrusted: true });
    expect(readPlan(world, from(root))).toBe("of peer\n");
    createPlans(world, from(root)).replace("of root again\n", { tainted: false });
    expect(planSection(world, from(root))[0]?.untrusted).toBeUndefined();
  });
});
