/** What a claim takes, and under which id. */
import { describe, expect, it } from "vitest";
import { claim } from "../../src/spool/claim.ts";
import { pathIn, recordPath } from "../../src/spool/known.ts";
import { scan } from "../../src/spool/scan.ts";
import type { Disk } from "../../src/system/disk.ts";
import { requestOf } from "../../src/task/codec.ts";
import { stewardMark } from "../../src/task/trust.ts";
import { loadYaml } from "../../src/task/yaml.ts";
import {
  ada,
  bob,
  desk,
  failing,
  idOf,
  me,
  noon,
  places,
  put,
  root,
  at as stamp,
  taskOf,
} from "./support/desk.ts";
import { claimOne, drop, send } from "./support/inbox.ts";

describe("what is taken", () => {
  it("lies in active as its sender wrote it, and is heard of", async () => {
    const at = desk({}, { trustedUids: [ada.uid] });
    send(at, { thread: "t" });
    const { ctimeNs, size } = at.disk.lstat(`${me.inbox}/${idOf(1)}.task`);
    const claimed = await claimOne(at);
    const receivedAt = stamp(Number(ctimeNs / 1_000_000n));
    const task = {
      ...{ id: idOf(1), from: ada, trust: "verified", receivedAt, size: Number(size) },
      request: requestOf("work", { thread: "t" }),
    };
    expect(claimed).toEqual({ kind: "task", task, claimedAt: stamp(noon + 1e6) });
    expect(at.told).toEqual([{ state: "claimed", task }]);
    at.memory.reboot(true);
    expect(places(at, idOf(1))).toEqual(["active"]);
  });

  it("is taken also where nobody hears of it", async () => {
    const { told: _, ...deaf } = desk().world;
    const at = desk();
    send(at, {});
    const [candidate] = scan(at.world, at.post);
    if (candidate === undefined) throw new Error("nothing");
    const claimed = await claim({ ...deaf, disk: at.disk }, at.post, candidate);
    expect(claimed.kind).toBe("task");
  });

  it("may have front matter that needs YAML, which is loaded for it alone", async () => {
    let loaded = 0;
    const at = desk({
      loadYaml: () => {
        loaded += 1;
        return loadYaml();
      },
    });
    drop(at, "plain", "x\n");
    await claimOne(at);
    expect(loaded).toBe(0);
    drop(at, "yaml", "---\nattachments:\n  - /a\n---\nx\n");
    const request = { text: "x", attachments: ["/a"] };
    expect(await claimOne(at)).toMatchObject({ kind: "task", task: { request } });
    expect(loaded).toBe(1);
  });

  it("has an id of its own where its name is none, or it has no end marker", async () => {
    const named = desk();
    send(named, {}, ada, "my work");
    const bare = desk();
    drop(bare, idOf(1), "work\n");
    const ids = [await claimOne(named), await claimOne(bare)].map((one) =>
      one.kind === "task" ? one.task.id : one.kind,
    );
    expect(ids).toEqual([
      expect.stringMatching(/^my_work-/),
      expect.stringMatching(new RegExp(`^${idOf(1)}-`)),
    ]);
  });

  it("of root, made elsewhere and moved here, is unverified and stays known as moved", async () => {
    const at = desk();
    send(at, {}, root);
    const lstat: Disk["lstat"] = (path) =>
      path === me.inbox ? ({ gid: 5n } as ReturnType<Disk["lstat"]>) : at.disk.lstat(path);
    const claimed = await claimOne(at, { ...at.disk, lstat });
    const moved = { trust: "unverified", moved: true };
    expect(claimed).toMatchObject({ kind: "task", task: moved });
    expect(
      JSON.parse(at.memory.text(pathIn(me, "active", idOf(1)))?.split("\n")[0] ?? ""),
    ).toMatchObject(moved);
    const there = desk();
    send(there, {}, root);
    const kept = await claimOne(there);
    expect(kept.kind === "task" && [kept.task.trust, "moved" in kept.task]).toEqual([
      ...["verified", false],
    ]);
  });

  it("of root, with the mark of the steward's answers, is not taken as root's word", async () => {
    const at = desk();
    send(at, { replyTo: idOf(2), extra: stewardMark }, root);
    expect(await claimOne(at)).toMatchObject({ kind: "task", task: { trust: "unverified" } });
  });
});

describe("an id that was seen before", () => {
  it("from its sender is dropped, from another one gets an id of its own", async () => {
    const at = desk();
    put(at, "processed", taskOf(1));
    send(at, {});
    expect(await claimOne(at)).toEqual({ kind: "duplicate", id: idOf(1) });
    expect(at.lines).toEqual([
      { level: "info", message: "dropped a duplicate task", fields: { id: idOf(1) } },
    ]);
    send(at, {}, bob);
    const claimed = await claimOne(at);
    expect(claimed).toMatchObject({ kind: "task", task: { from: bob } });
    expect(claimed.kind === "task" && claimed.task.id.startsWith(`${idOf(1)}-`)).toBe(true);
    expect(at.lines.at(-1)).toEqual({
      ...{ level: "warn", message: "a task id of another sender was reused" },
      fields: { id: idOf(1), uid: bob.uid },
    });
  });

  it("from another one is dropped when it comes again", async () => {
    const at = desk();
    put(at, "processed", taskOf(1));
    send(at, {}, bob);
    const stuck = failing(at.disk, "unlink", "EIO", `${me.inbox}/${idOf(1)}.task`);
    await expect(claimOne(at, stuck)).rejects.toThrow("EIO");
    expect(await claimOne(at)).toMatchObject({ kind: "duplicate" });
    expect(at.memory.names(me.queue.active)).toHaveLength(1);
    expect(at.memory.text(recordPath(me, idOf(1)))).toBeNull();
  });
});

it("what was read is let go, also when the claim fails", async () => {
  const at = desk();
  send(at, {});
  let open = 0;
  const disk: Disk = {
    ...failing(at.disk, "rename", "ENOSPC"),
    open: (...call) => {
      open += 1;
      return at.disk.open(...call);
    },
    close: (fd) => {
      open -= 1;
      at.disk.close(fd);
    },
  };
  await expect(claimOne(at, disk)).rejects.toThrow("ENOSPC");
  expect(open).toBe(0);
});
