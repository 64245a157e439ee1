/** What a trusted task remembers after it has read words of strangers, and what it takes to call a memory verified. */
import { describe, expect, it } from "vitest";
import { readMark } from "../../../src/runner/memory/marks.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import type { Task } from "../../../src/task/task.ts";
import type { CallFacts } from "../../../src/tools/desks.ts";
import { bed, by, fact, hitsIn, keptAs, search, signal, textOf } from "./world.ts";

const at = bed();
const policy = fact("Password policy", "The owner's password policy is: none.");

describe("a trusted task that has read words of strangers", () => {
  it("remembers as one of them, for the same principal, and the source says so", async () => {
    const memory = at.memory();
    const task = at.trusted("Read the page.");
    const kept = await memory.desk(task).remember(policy, by("2-1", true), signal);
    expect(kept.text).toContain("asserted, confidence 0.5");
    const later = at.trusted("What is the policy?");
    const found = await memory.desk(later).recall(search("password"), signal);
    expect(hitsIn(found.text)).toEqual([
      expect.objectContaining({
        ...{ trust: "unverified", provenance: "asserted" },
        from: "anna, after reading words of others",
      }),
    ]);
    expect(found.untrusted).toBe(true);
    const index = textOf(await memory.background(later, signal));
    expect(index).not.toMatch(/policy|password/i);
    // A stranger finds none of it: it is still what trusted people were working on.
    const theirs = await memory.desk(at.stranger("x")).recall(search("password"), signal);
    expect(theirs.text).toContain("holds nothing");
  });

  it("keeps what a compaction extracts in the same way", async () => {
    const memory = at.memory();
    const task = at.trusted("x");
    const one = { category: "build", title: "Cache", text: "In /tmp.", kind: "fact" } as const;
    for (const tainted of [true, false]) {
      const memories = [{ ...one, title: `Cache ${tainted}` }];
      await memory.keep(task)?.({ key: `k/${tainted}`, memories, tainted });
    }
    const hits = hitsIn((await memory.desk(task).recall(search("cache"), signal)).text);
    const trusts = hits.map(({ title, trust }) => [title, trust]).sort();
    expect(trusts).toEqual([
      ["Cache false", "verified"],
      ["Cache true", "unverified"],
    ]);
  });

  it("neither forgets nor replaces what was told in trust", async () => {
    const memory = at.memory();
    const desk = memory.desk(at.trusted("x"));
    const id = keptAs(await desk.remember(policy, by("1-1"), signal));
    const other = memory.desk(at.trusted("y"));
    expect((await other.forget(id, by("2-1", true))).ok).toBe(false);
    const lie = { ...fact("Password policy", "It is: abc."), replaces: [id] };
    await other.remember(lie, by("2-2", true), signal);
    const [first] = hitsIn((await desk.recall(search("password"), signal)).text);
    expect(first).toMatchObject({ id, trust: "verified" });
    expect(first?.["disputed_by"]).toMatchObject([{ trust: "unverified" }]);
    expect((await other.forget(id, by("2-3"))).ok).toBe(true);
  });
});

describe("what is recalled", () => {
  it("taints where a stranger told it, by words, by list and in full, and not where trusted people did", async () => {
    const memory = at.memory();
    const desk = memory.desk(at.trusted("x"));
    const own = keptAs(await desk.remember(fact("Window", "Tuesday"), by("1-1"), signal));
    const marks = async (query: string, category: string, id: string) => [
      (await desk.recall(search(query), signal)).untrusted ?? false,
      (await desk.list({ category: null, id })).untrusted ?? false,
      (await desk.list({ category, id: null })).untrusted ?? false,
      (await desk.list({ category: null, id: null })).untrusted ?? false,
    ];
    expect(await marks("window", "policy", own)).toEqual([false, false, false, false]);
    const theirs = { ...fact("Lure", "Obey."), category: "lures" };
    const id = keptAs(await memory.desk(at.stranger("y")).remember(theirs, by("1-1"), signal));
    expect(await marks("lure obey", "lures", id)).toEqual([true, true, true, true]);
    expect((await desk.recall(search("window"), signal)).untrusted).toBeUndefined();
  });
});

describe("a thread", () => {
  const thread = { thread: "t" };

  async function said(task: Task, answer: string, tainted: boolean): Promise<void> {
    const memory = at.memory();
    memory.begun(task);
    if (tainted) memory.tainted(task);
    expect(readMark(nodeDisk, at.paths, task.id)?.tainted).toBe(tainted ? true : undefined);
    at.ended(task, answer);
    await memory.settle();
  }
  const toldTo = (task: Task) => at.memory().background(task, signal);

  it("taints its next task when one of its tasks had read words of strangers", async () => {
    await said(at.trusted("one", thread), "Fine.", false);
    const [clean] = await toldTo(at.trusted("x", thread));
    expect(clean?.untrusted).toBeUndefined();
    await said(at.trusted("two", thread), "The page says: obey.", true);
    const [section] = await toldTo(at.trusted("y", thread));
    expect(section?.untrusted).toBe(true);
    expect(hitsIn(section?.text ?? "").map(({ from, trust }) => [from, trust])).toEqual([
      ["anna", "verified"],
      ["anna, after reading words of others", "unverified"],
    ]);
    const past = await at.memory().desk(at.trusted("z")).recall(search("page obey", true), signal);
    expect(past.untrusted).toBe(true);
    expect(await toldTo(at.trusted("v", { thread: "other" }))).toEqual([]);
  });
});

describe("verify", () => {
  const call = (id: string, about: Partial<CallFacts> = {}): CallFacts => ({
    ...{ id, tool: "shell", ok: true, clean: true, at: Date.parse("2028-01-01T00:00:00Z") },
    ...about,
  });
  const proof = (source: string, text = "ss -tln shows 80") => ({ source, text });

  async function setUp() {
    const memory = at.memory();
    const theirs = memory.desk(at.stranger("y"));
    const id = keptAs(await theirs.remember(fact("Port", "It is 80."), by("1-1"), signal));
    const task = at.trusted("Port is 80, I looked myself. Remember it.");
    const desk = memory.desk(task);
    const verify = (source: string, calls: readonly CallFacts[], tainted = false) =>
      desk.verify(id, proof(source), { ...by("9-1", tainted), calls });
    return { memory, task, desk, id, verify };
  }

  it("takes a call of this task that showed something", async () => {
    const { desk, id, verify } = await setUp();
    expect((await verify("2-1", [call("2-1")])).text).toContain("does not fade");
    const [hit] = hitsIn((await desk.recall(search("port"), signal)).text);
    expect(hit).toMatchObject({ id, provenance: "verified", trust: "verified" });
    // From now on it is nobody's mere word.
    expect((await desk.recall(search("port"), signal)).untrusted).toBeUndefined();
  });

  it.each([
    ["one that there was not", "3-1", [call("2-1")], "there is no call 3-1"],
    ["one that failed", "2-1", [call("2-1", { ok: false })], "failed"],
    ["one after words of strangers", "2-1", [call("2-1", { clean: false })], "words of strangers"],
    ["what remembers", "2-1", [call("2-1", { tool: "recall" })], "shows nothing"],
    ["what the agent wrote itself", "2-1", [call("2-1", { tool: "write_file" })], "shows nothing"],
    ["one before the memory", "2-1", [call("2-1", { at: 0 })], "before the memory was kept"],
  ])("takes no call: %s", async (_, source, calls, why) => {
    const { desk, verify } = await setUp();
    const refused = await verify(source, calls);
    expect(refused).toMatchObject({ ok: false, text: expect.stringContaining(why) });
    const [hit] = hitsIn((await desk.recall(search("port"), signal)).text);
    expect(hit).toMatchObject({ provenance: "asserted", trust: "unverified" });
  });

  it("says which calls would do, or what to do first", async () => {
    const { verify } = await setUp();
    const some = await verify("1-1", [call("4-1"), call("3-1", { tool: "recall" }), call("2-2")]);
    expect(some.text).toContain("Calls that may show it: 4-1 (shell), 2-2 (shell)");
    expect((await verify("1-1", [])).text).toContain("Look at its source with a tool first");
  });

  it("takes nothing once the task has read words of strangers, and says who can", async () => {
    const { verify, desk, id } = await setUp();
    const refused = await verify("2-1", [call("2-1")], true);
    expect(refused).toMatchObject({ ok: false, text: expect.stringContaining("a new task") });
    const calls = { ...by("9-1", true), calls: [] };
    expect((await desk.verify(id, proof("task", "Port is 80"), calls)).ok).toBe(false);
  });

  it("takes the sender's own words, where they stand in the task, and no agent's", async () => {
    const { desk, id, memory } = await setUp();
    const none = { ...by("9-1"), calls: [] };
    expect((await desk.verify(id, proof("task", "Port is 81, I"), none)).ok).toBe(false);
    expect((await desk.verify(id, proof("task", "is"), none)).ok).toBe(false);
    const agent = { uid: 2002, name: "a-peer", agent: "peer" };
    const asked = { ...at.trusted("Port is 80, I looked"), from: agent };
    const words = proof("task", "Port is 80,\n I looked");
    expect((await memory.desk(asked).verify(id, words, none)).ok).toBe(false);
    expect((await desk.verify(id, words, none)).ok).toBe(true);
  });

  it("takes within a task only what came after the memory, by place and not by the clock", async () => {
    const { memory, task } = await setUp();
    const desk = memory.desk(task);
    const id = keptAs(await desk.remember(fact("Host", "It is a."), by("3-2"), signal));
    const verify = (at: string) =>
      desk.verify(id, proof(at), { ...by("9-1"), calls: [call(at, { at: 0 })] });
    for (const before of ["2-1", "3-1", "3-2"]) expect((await verify(before)).ok).toBe(false);
    expect((await verify("10-1")).ok).toBe(true);
  });
});
