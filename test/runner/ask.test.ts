/** Asking other agents: what is sent, what is remembered, and who may not be asked. */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPeers, type PeersWorld } from "../../src/runner/peers.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { readNote } from "../../src/spool/notes.ts";
import { wasSent } from "../../src/spool/sent.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { decodeTask, requestOf } from "../../src/task/codec.ts";
import type { Request, Task } from "../../src/task/task.ts";
import { aTask } from "../agent/support/scripted.ts";
import { makeDirectories, temporaryRoot } from "../spool/support/fixture.ts";

const until = Date.parse("2030-01-01T00:00:00Z");

function setUp(change: { readonly sameUid?: boolean } = {}) {
  const root = temporaryRoot();
  const names = ["desk", "peer", "third"];
  for (const name of names) makeDirectories(root, name);
  const entry = (name: string, at: number) => ({
    name,
    uid: change.sameUid ? 7 : 7001 + at,
    tier: "worker",
    description: "",
    model: "m",
    schedule: null,
    wake: "path",
  });
  const paths = agentPaths(root, "desk");
  const world = {
    disk: nodeDisk,
    now: Date.now,
    randomBytes: (count: number) => randomBytes(count),
    system: { agents: names.map(entry) },
    agent: { name: "desk", can: { task: ["peer"] } },
    paths,
    mailboxOf: (name: string) => ({ inbox: agentPaths(root, name).inbox, bell: null }),
  } as unknown as PeersWorld;
  const inbox = agentPaths(root, "peer").inbox;
  const sent = (): Request[] =>
    fs.readdirSync(inbox).map((file) => {
      const bytes = fs.readFileSync(join(inbox, file));
      const decoded = decodeTask(bytes, { maxBytes: 1 << 20, parseYaml: null });
      if (!decoded.ok) throw new Error(decoded.why);
      return decoded.request;
    });
  return { world, paths, sent };
}

const taskOf = (rest: Partial<Request>, from: string | null = null): Task =>
  aTask("x", {
    request: requestOf("x", rest),
    from: { uid: from === null ? 0 : 7009, name: from ?? "root", agent: from },
  });

describe("ask", () => {
  it("sends once, whatever a crash repeats, with thread, hops and the way it came", () => {
    const { world, paths, sent } = setUp();
    const task = taskOf({ thread: "t", hops: 2, via: ["first"] }, "third");
    const peers = createPeers(world, task);
    const one = peers.ask("peer", "How?", { callId: "1-1", until });
    expect(peers.ask("peer", "How?", { callId: "1-1", until })).toEqual(one);
    expect(sent()).toMatchObject([
      { text: "How?", thread: "t", hops: 3, via: ["first", "third", "desk"], replyTo: null },
    ]);
    if (!one.ok) throw new Error(one.why);
    expect(wasSent(nodeDisk, paths, one.id)).toBe("peer");
    expect(readNote(nodeDisk, paths, task.id)?.calls).toEqual([
      {
        call: "1-1",
        why: "peer's answer",
        until,
        waitFor: [{ id: one.id, from: "peer" }],
        over: null,
      },
    ]);
    const two = peers.ask("peer", "And?", { callId: "1-2", until });
    expect(two).not.toEqual(one);
    expect(readNote(nodeDisk, paths, task.id)?.calls.map(({ call }) => call)).toEqual([
      "1-1",
      "1-2",
    ]);
  });

  it.each([
    ["whom the task names", taskOf({ via: ["peer"] }), "peer"],
    ["its sender, whom the kernel names", taskOf({}, "peer"), "peer"],
    ["itself", taskOf({}), "desk"],
    ["nobody", taskOf({}), "stranger"],
    ["after too many hops", taskOf({ hops: 8 }), "peer"],
  ])("refuses to ask in a circle or nowhere: %s", (_, task, to) => {
    const { world, sent } = setUp();
    expect(createPeers(world, task).ask(to, "x", { callId: "1-1", until }).ok).toBe(false);
    expect(sent()).toEqual([]);
  });

  it("may ask who sent an answer: nobody waits there", () => {
    const { world } = setUp();
    const answer = taskOf({ replyTo: "01890a5d-ac96-774b-bcce-b302099a8057" }, "peer");
    expect(createPeers(world, answer).ask("peer", "x", { callId: "1-1", until }).ok).toBe(true);
  });

  it("is refused where agents share a user, so that none could be told from another", () => {
    const { world, sent } = setUp({ sameUid: true });
    const asked = createPeers(world, taskOf({})).ask("peer", "x", { callId: "1-1", until });
    expect(asked).toMatchObject({ ok: false, why: expect.stringContaining("use send_task") });
    expect(sent()).toEqual([]);
  });
});

it("an interim reply says so, and a task that is sent keeps its thread", () => {
  const { world, sent } = setUp();
  const peers = createPeers(world, taskOf({ thread: "t" }, "peer"));
  peers.reply("soon");
  expect(sent()).toMatchObject([{ interim: true, thread: "t", replyTo: aTask("").id }]);
});
