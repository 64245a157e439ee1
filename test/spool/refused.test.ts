/** What a claim keeps from running: where it lies then, and what its sender is told. */
import { describe, expect, it } from "vitest";
import { setOpenAside } from "../../src/spool/aside.ts";
import { pathIn } from "../../src/spool/known.ts";
import { scan } from "../../src/spool/scan.ts";
import { rememberSent } from "../../src/spool/sent.ts";
import type { Disk } from "../../src/system/disk.ts";
import { lingerMs } from "../../src/task/retry.ts";
import {
  answerIn,
  type Desk,
  desk,
  failing,
  helper,
  helperInbox,
  idOf,
  me,
  noon,
  places,
  recordIn,
  root,
  at as stamp,
} from "./support/desk.ts";
import { claimOne, drop, path, send } from "./support/inbox.ts";

/** A disk that has something else there than a file. */
const odd = (at: Desk): Disk => ({
  ...at.disk,
  find: (name) => {
    const stat = at.disk.find(name);
    return stat === null || name !== path ? stat : { ...stat, isFile: () => false };
  },
});

describe("a malformed file", () => {
  it("is copied as it was, reported, and only then removed", async () => {
    const at = desk();
    drop(at, "a", "---\nx: y\n", helper);
    const { ctimeNs } = at.disk.lstat(path);
    const claimed = await claimOne(at);
    const why = "the front matter is not closed by a line ---";
    if (claimed.kind !== "malformed") throw new Error(claimed.kind);
    const { id } = claimed;
    expect(claimed).toEqual({ kind: "malformed", id: expect.stringMatching(/^a-/), why });
    expect(at.memory.names(helperInbox)).toHaveLength(1);
    expect(at.memory.names(me.inbox)).toEqual([]);
    at.memory.reboot(true);
    expect(places(at, id)).toEqual(["corrupt"]);
    expect(
      at.memory
        .text(pathIn(me, "corrupt", id))
        ?.split("\n")
        .slice(1),
    ).toEqual([...["---", "x: y", ""]]);
    expect(recordIn(at, id)).toMatchObject({
      ...{ status: "failed", error: why, attempts: 0, from: { uid: 2000, name: "helper" } },
      ...{ started_at: stamp(noon + 1e6), steps: 0, trust: "unverified" },
      received_at: stamp(Number(ctimeNs / 1_000_000n)),
    });
    expect(answerIn(at, id)).toBe(`This task was not run: ${why}.\n`);
    expect(at.told).toMatchObject([{ state: "failed", why, task: { request: { text: "" } } }]);
    expect(at.lines).toEqual([
      { level: "warn", message: "a task cannot run", fields: { id, uid: 2000, why } },
    ]);
  });

  it("stays in the inbox while it cannot be kept or reported", async () => {
    for (const call of ["rename", "sync"] as const) {
      const at = desk();
      drop(at, "a", "");
      await expect(claimOne(at, failing(at.disk, call, "ENOSPC"))).rejects.toThrow("ENOSPC");
      expect(at.memory.names(me.inbox)).toEqual(["a.task"]);
    }
  });

  it("is reported once, also when a crash came before the name was removed", async () => {
    const at = desk();
    drop(at, "a", "");
    await expect(claimOne(at, failing(at.disk, "unlink", "EIO", path))).rejects.toThrow("EIO");
    expect(await claimOne(at)).toMatchObject({ kind: "duplicate" });
    expect(at.memory.names(me.inbox)).toEqual([]);
    expect(at.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  });
});

describe("what cannot be read", () => {
  it("gets a dot-name, durably, and its sender an answer", async () => {
    const at = desk();
    drop(at, "a", "x", root);
    const claimed = await claimOne(at, odd(at));
    if (claimed.kind !== "malformed") throw new Error(claimed.kind);
    expect(claimed.why).toBe("it is a device");
    at.memory.reboot(true);
    expect(at.memory.names(me.inbox)).toEqual([`.corrupt-${claimed.id}`]);
    expect(at.told).toMatchObject([{ state: "failed", task: { request: { text: "" } } }]);
    // Root's entry, and yet not root's word.
    expect(recordIn(at, claimed.id)).toMatchObject({ status: "failed", trust: "unverified" });
    expect(places(at, claimed.id)).toEqual([]);
  });

  it("is reported once, whatever becomes of its name", async () => {
    const at = desk();
    drop(at, "a", "x");
    const on = (code: string) => claimOne(at, { ...odd(at), rename: renames(at, code) });
    await expect(on("EIO")).rejects.toThrow("EIO");
    const claimed = await on("ENOENT");
    expect(claimed.kind).toBe("malformed");
    expect(at.told).toHaveLength(1);
    expect(at.lines.filter(({ message }) => message === "a task cannot run")).toHaveLength(1);
  });

  it("for lack of rights gets a moment: who copies it may set its mode last", async () => {
    const at = desk();
    drop(at, "a", "x");
    const { ctimeNs, ino } = at.disk.lstat(path);
    const closed = failing(at.disk, "open", "EACCES", "a.task");
    at.clock.ms = Number(ctimeNs / 1_000_000n) + lingerMs - 1;
    expect(await claimOne(at, closed)).toEqual({ kind: "notYet", inode: ino });
    at.clock.ms += 1;
    expect(await claimOne(at, closed)).toMatchObject({
      ...{ kind: "malformed", why: "this agent has no right to read it" },
    });
  });

  it("because it is gone, or still written, is left as it is", async () => {
    const at = desk();
    drop(at, "a", "x");
    at.clock.ms = noon - 60_000;
    const { ino } = at.disk.lstat(path);
    expect(await claimOne(at)).toEqual({ kind: "notYet", inode: ino });
    expect(await claimOne(at, { ...at.disk, find: () => null })).toEqual({ kind: "gone" });
    expect(at.memory.names(me.inbox)).toEqual(["a.task"]);
    expect([at.told, at.lines]).toEqual([[], []]);
  });

  it("because somebody has it open is left as it is, however old it is", async () => {
    const take = () => "writer" as const;
    const at = desk({ lease: () => Promise.resolve({ take, release: () => undefined }) });
    drop(at, "a", "x");
    at.clock.ms += 1e9;
    const { ino } = at.disk.lstat(path);
    expect(await claimOne(at)).toEqual({ kind: "notYet", inode: ino });
    expect(at.memory.names(me.inbox)).toEqual(["a.task"]);
  });
});

/** Fails for the entry of the inbox alone: answers are revealed by renames, too. */
const renames = (at: Desk, code: string) => (from: string | Buffer, to: string) => {
  if (String(from) === path) throw Object.assign(new Error(code), { code });
  at.disk.rename(from, to);
};

it("a file that is kept open is set aside under a name that tells its inode", () => {
  const at = desk();
  drop(at, "a", "x");
  const [candidate] = scan(at.world, at.post);
  if (candidate === undefined) throw new Error("nothing");
  setOpenAside(at.world, candidate, 77n);
  expect(at.memory.names(me.inbox)).toEqual([".open-77-a.task"]);
  expect(at.lines).toEqual([
    {
      ...{ level: "warn", message: "a task is still being written; it waits aside" },
      fields: { file: "a" },
    },
  ]);
});

describe("an agent that may only answer", () => {
  const why = "agent helper may answer here but not start work";

  it("is refused anything else: kept, told, gone from the inbox", async () => {
    const at = desk();
    send(at, {}, helper);
    expect(await claimOne(at)).toEqual({ kind: "refused", id: idOf(1), why });
    expect(places(at, idOf(1))).toEqual(["corrupt"]);
    expect(recordIn(at, idOf(1))).toMatchObject({ status: "failed", error: why });
    expect(at.memory.names(me.inbox)).toEqual([]);
    expect(at.told.map(({ state }) => state)).toEqual(["failed"]);
  });

  it.each([
    ["what it was asked itself", idOf(2), "task"],
    ["what somebody else was asked", idOf(3), "refused"],
    ["what nobody asked", idOf(4), "refused"],
  ])("may answer %s, or not", async (_, replyTo, kind) => {
    const at = desk();
    rememberSent(at.disk, me, idOf(2), "helper");
    rememberSent(at.disk, me, idOf(3), "other");
    send(at, { replyTo }, helper);
    expect((await claimOne(at)).kind).toBe(kind);
  });
});
