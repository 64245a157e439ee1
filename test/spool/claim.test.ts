import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Claimed, claim } from "../../src/spool/claim.ts";
import { deliver } from "../../src/spool/deliver.ts";
import { readEnvelope } from "../../src/spool/queued.ts";
import { scan } from "../../src/spool/scan.ts";
import { rememberSent } from "../../src/spool/sent.ts";
import { settle } from "../../src/spool/settle.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { encodeTask, requestOf } from "../../src/task/codec.ts";
import { isId } from "../../src/task/id.ts";
import { done, type Fixture, fixture, selfUid, temporaryRoot } from "./support/fixture.ts";
import { hostiles, names } from "./support/hostile.ts";

const root = selfUid === 0;
const drop = (at: Fixture, name: string, content: string | Uint8Array): void =>
  fs.writeFileSync(join(at.post.paths.inbox, name), content);
const inboxOf = (at: Fixture): string[] => fs.readdirSync(at.post.paths.inbox);

/** However long a test takes, what it makes is new until time passes. */
function stoppedClock() {
  let ms = Date.now();
  const pass = (): void => {
    ms += 3_600_000;
  };
  return { now: () => ms, pass };
}

async function claimAll(at: Fixture): Promise<Claimed[]> {
  const results: Claimed[] = [];
  for (const candidate of scan(at.world, at.post)) {
    results.push(await claim(at.world, at.post, candidate));
  }
  return results;
}

async function claimOne(at: Fixture): Promise<Claimed> {
  const [claimed, ...rest] = await claimAll(at);
  expect(rest).toEqual([]);
  if (claimed === undefined) throw new Error("nothing to claim");
  return claimed;
}

const recordOf = (at: Fixture, id: string) =>
  JSON.parse(fs.readFileSync(join(at.post.paths.outbox, `${id}.json`), "utf8"));

describe("claim", () => {
  it("takes a delivered task under the id that its sender was told", async () => {
    const at = fixture();
    const { id } = deliver(at.world, at.post.paths.inbox, requestOf("hello"));
    const claimed = await claimOne(at);
    expect(claimed).toMatchObject({ kind: "task", task: { id, request: { text: "hello" } } });
    expect(inboxOf(at)).toEqual([]);
    expect(fs.readdirSync(at.post.paths.queue.active)).toEqual([`${id}.task`]);
  });

  it("takes a plain dropped file and keeps its name in the id", async () => {
    const at = fixture();
    drop(at, "hello.task", "hi\n");
    const claimed = await claimOne(at);
    expect(claimed).toMatchObject({ kind: "task", task: { request: { text: "hi" } } });
    expect(claimed.kind === "task" && claimed.task.id).toMatch(/^hello-/);
  });

  it("copies: a descriptor that the sender kept changes nothing", async () => {
    const at = fixture();
    const path = join(at.post.paths.inbox, "x.task");
    fs.writeFileSync(path, encodeTask(requestOf("good"), { endMarker: true }));
    const fd = fs.openSync(path, "r+");
    const claimed = await claimOne(at);
    fs.writeSync(fd, "EVIL");
    fs.closeSync(fd);
    if (claimed.kind !== "task") throw new Error(claimed.kind);
    const copy = fs.readFileSync(join(at.post.paths.queue.active, `${claimed.task.id}.task`));
    expect(Buffer.from(readEnvelope(copy)?.raw ?? []).toString()).toContain("good");
  });

  it("waits for a writer without an end marker, by lease and by quiet", async () => {
    for (const lease of [undefined, () => Promise.resolve(null)]) {
      const { now, pass } = stoppedClock();
      const at = fixture(lease === undefined ? { now } : { now, lease });
      const fd = fs.openSync(join(at.post.paths.inbox, "x.task"), "w");
      fs.writeSync(fd, "A");
      expect((await claimOne(at)).kind).toBe("notYet");
      fs.writeSync(fd, "B\n");
      fs.closeSync(fd);
      if (lease !== undefined) pass();
      expect(await claimOne(at)).toMatchObject({ kind: "task", task: { request: { text: "AB" } } });
    }
  });

  it("accepts the second name that a dying sender left, and no other", async () => {
    const at = fixture();
    const { id } = deliver(at.world, at.post.paths.inbox, requestOf("x"));
    const path = join(at.post.paths.inbox, `${id}.task`);
    fs.linkSync(path, join(at.post.paths.inbox, `.${id}.task.tmp-0123456789abcdef`));
    expect((await claimOne(at)).kind).toBe("task");
  });

  it("does not remove a file that took the name meanwhile", async () => {
    const at = fixture();
    const path = join(at.post.paths.inbox, "x.task");
    drop(at, "x.task", "first");
    const rename = at.world.disk.rename;
    const disk = {
      ...nodeDisk,
      rename: (from: string | Buffer, to: string) => {
        rename(from, to);
        fs.unlinkSync(path);
        fs.writeFileSync(path, "second");
      },
    };
    const [candidate] = scan(at.world, at.post);
    if (candidate === undefined) throw new Error("nothing");
    await claim({ ...at.world, disk }, at.post, candidate);
    expect(fs.readFileSync(path, "utf8")).toBe("second");
  });
});

describe("duplicates", () => {
  it("are dropped: same sender, same id, wherever the first one is now", async () => {
    const at = fixture();
    const { id } = deliver(at.world, at.post.paths.inbox, requestOf("x"));
    const bytes = fs.readFileSync(join(at.post.paths.inbox, `${id}.task`));
    const first = await claimOne(at);
    if (first.kind !== "task") throw new Error(first.kind);
    drop(at, `${id}.task`, bytes);
    expect(await claimOne(at)).toEqual({ kind: "duplicate", id });
    const run = { place: "active", attempts: 1, startedAt: first.claimedAt } as const;
    settle(at.world, at.post, first.task, done("ok"), run);
    drop(at, `${id}.task`, bytes);
    expect(await claimOne(at)).toEqual({ kind: "duplicate", id });
    fs.rmSync(join(at.post.paths.processed, `${id}.task`));
    drop(at, `${id}.task`, bytes);
    expect(await claimOne(at)).toEqual({ kind: "duplicate", id });
    expect(inboxOf(at)).toEqual([]);
  });

  it.runIf(root)("of a stranger get an id of their own: nobody can squat or replay", async () => {
    const at = fixture();
    const { id } = deliver(at.world, at.post.paths.inbox, requestOf("x"));
    const bytes = fs.readFileSync(join(at.post.paths.inbox, `${id}.task`));
    await claimOne(at);
    drop(at, `${id}.task`, bytes);
    fs.chownSync(join(at.post.paths.inbox, `${id}.task`), 12345, 12345);
    const claimed = await claimOne(at);
    expect(claimed).toMatchObject({
      kind: "task",
      task: { trust: "unverified", from: { uid: 12345 } },
    });
    expect(claimed.kind === "task" && claimed.task.id.startsWith(`${id}-`)).toBe(true);
  });
});

describe("trust", () => {
  it.runIf(root)("is the owner's, whatever the file says", async () => {
    const at = fixture({}, { trustedUids: [1000] });
    for (const uid of [0, 1000, 1001]) {
      drop(at, `u${uid}.task`, "---\nfrom: root\ntrust: verified\nuid: 0\n---\nx");
      fs.chownSync(
        join(at.post.paths.inbox, `u${uid}.task`),
        uid,
        fs.statSync(at.post.paths.inbox).gid,
      );
    }
    const claimed = await claimAll(at);
    const trusts = claimed.map((one) => one.kind === "task" && [one.task.from.uid, one.task.trust]);
    expect(new Map(trusts as [number, string][])).toEqual(
      new Map([
        [0, "verified"],
        [1000, "verified"],
        [1001, "unverified"],
      ]),
    );
  });

  it.runIf(root)("is not given to a file that was moved into the inbox", async () => {
    const at = fixture({}, {});
    drop(at, "moved.task", "x");
    fs.chownSync(join(at.post.paths.inbox, "moved.task"), 0, 12345);
    const [claimed] = await claimAll(at);
    expect(claimed).toMatchObject({
      kind: "task",
      task: { trust: "unverified", from: { uid: 0 } },
    });
  });

  it.runIf(root)("lets an agent that may only answer do only that", async () => {
    const senderOf = (uid: number) => ({ uid, name: "helper", agent: "helper" });
    const at = fixture({ senderOf }, { taskerUids: [] });
    const asked = "01890a5d-ac96-774b-bcce-b302099a8057";
    rememberSent(at.world.disk, at.post.paths, asked, "helper");
    const send = (name: string, replyTo: string | null): void => {
      drop(at, name, encodeTask(requestOf("x", { replyTo }), { endMarker: true }));
      fs.chownSync(join(at.post.paths.inbox, name), 2000, 2000);
    };
    fs.mkdirSync(join(at.root, "agents", "helper", "inbox"), { recursive: true });
    send("a.task", asked);
    expect(await claimOne(at)).toMatchObject({
      kind: "task",
      task: { request: { replyTo: asked } },
    });
    send("b.task", "01890a5d-ac96-774b-bcce-b302099a8058");
    expect(await claimOne(at)).toMatchObject({ kind: "refused" });
    send("c.task", null);
    const refused = await claimOne(at);
    expect(refused).toMatchObject({ kind: "refused", why: expect.stringMatching(/may answer/) });
    // It is told, unless it pretended to answer: notices must not bounce.
    expect(fs.readdirSync(join(at.root, "agents", "helper", "inbox"))).toHaveLength(1);
    expect(inboxOf(at)).toEqual([]);
  });
});

describe("hostile entries", () => {
  it.each(hostiles)(
    "$name: reported once, out of the way, next task runs",
    async ({ make, why }) => {
      const at = fixture();
      make(at.post.paths.inbox, temporaryRoot());
      deliver(at.world, at.post.paths.inbox, requestOf("good"));
      const claimed = await claimAll(at);
      const bad = claimed.find(({ kind }) => kind === "malformed");
      if (bad?.kind !== "malformed") throw new Error(JSON.stringify(claimed));
      expect(claimed.some(({ kind }) => kind === "task")).toBe(true);
      expect(bad.why).toMatch(why);
      expect(recordOf(at, bad.id)).toMatchObject({ id: bad.id, status: "failed", error: bad.why });
      const response = fs.readFileSync(join(at.post.paths.outbox, `${bad.id}.response`), "utf8");
      expect(response).toMatch(why);
      // Nothing is left that wakes the unit, and nothing was deleted.
      expect(inboxOf(at).filter((name) => !name.startsWith("."))).toEqual([]);
      const kept = fs.readdirSync(at.post.paths.queue.corrupt);
      expect([...kept, ...inboxOf(at)]).toHaveLength(1);
      expect(await claimAll(at)).toEqual([]);
      expect(at.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    },
  );

  it.each(names)("the name %j reaches no path and blocks nothing", async (name) => {
    const at = fixture();
    drop(at, name, "work\n");
    const claimed = await claimOne(at);
    if (claimed.kind !== "task") throw new Error(JSON.stringify(claimed));
    expect(isId(claimed.task.id)).toBe(true);
    const run = { place: "active", attempts: 1, startedAt: claimed.claimedAt } as const;
    settle(at.world, at.post, claimed.task, done("ok"), run);
    expect(recordOf(at, claimed.task.id).status).toBe("done");
    expect(inboxOf(at)).toEqual([]);
  });

  it("a name that is not UTF-8 is made one", async () => {
    const at = fixture();
    const path = Buffer.concat([
      Buffer.from(`${at.post.paths.inbox}/bad`),
      Buffer.from([0xff, 0xc3]),
    ]);
    fs.writeFileSync(Buffer.concat([path, Buffer.from(".task")]), "work\n");
    const claimed = await claimOne(at);
    expect(claimed).toMatchObject({ kind: "task", task: { request: { text: "work" } } });
    expect(inboxOf(at)).toEqual([]);
  });

  it("an unreadable file gets a moment, then goes", async () => {
    const open: typeof nodeDisk.open = (path, flags, mode) => {
      if (path.endsWith("a.task")) throw Object.assign(new Error("no"), { code: "EACCES" });
      return nodeDisk.open(path, flags, mode);
    };
    const { now, pass } = stoppedClock();
    const at = fixture({ disk: { ...nodeDisk, open }, now });
    drop(at, "a.task", "x");
    expect((await claimOne(at)).kind).toBe("notYet");
    pass();
    expect(await claimOne(at)).toMatchObject({ kind: "malformed", why: /no right to read/ });
    expect(inboxOf(at)).toHaveLength(1);
  });
});

describe("scan", () => {
  it("puts control files first, then priority, then arrival", () => {
    const at = fixture({}, { trustedUids: [selfUid] });
    const id = "01890a5d-ac96-774b-bcce-b302099a8057";
    drop(at, "1.task", "---\npriority: low\n---\nx");
    drop(at, "2.task", "x");
    drop(at, "3.task", "---\npriority: high\n---\nx");
    drop(at, "4.task", `---\ncancel: ${id}\n---\n`);
    drop(at, ".hidden.task", "x");
    drop(at, "other.txt", "x");
    expect(scan(at.world, at.post).map(({ base }) => base)).toEqual(["4", "3", "2", "1"]);
  });

  it.runIf(root)("lets each owner have his turn: a flood keeps only its sender waiting", () => {
    const at = fixture();
    const owned = (name: string, uid: number): void => {
      drop(at, name, "x");
      fs.chownSync(join(at.post.paths.inbox, name), uid, uid);
    };
    for (const name of ["1", "2", "3"]) owned(`flood-${name}.task`, 1234);
    drop(at, "low.task", "---\npriority: low\n---\nx");
    for (const name of ["1", "2"]) owned(`late-${name}.task`, 5678);
    const order = scan(at.world, at.post).map(({ base }) => base);
    expect(order).toEqual(["flood-1", "late-1", "flood-2", "late-2", "flood-3", "low"]);
  });

  it.runIf(root)("does not believe a stranger's priority", () => {
    const at = fixture();
    drop(at, "1.task", "x");
    drop(at, "2.task", "---\npriority: high\n---\nx");
    fs.chownSync(join(at.post.paths.inbox, "2.task"), 1000, 1000);
    expect(scan(at.world, at.post).map(({ base }) => base)).toEqual(["1", "2"]);
  });
});
