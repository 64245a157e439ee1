/** What the agent's own queue knows: tasks as they were claimed, and which ids it saw before. */
import { describe, expect, it } from "vitest";
import {
  earlierSender,
  type Place,
  pathIn,
  placeOf,
  recordPath,
  responsePath,
} from "../../src/spool/known.ts";
import { readEnvelope, readQueued, storeQueued } from "../../src/spool/queued.ts";
import type { Disk } from "../../src/system/disk.ts";
import { encodeTask, maxTaskBytes } from "../../src/task/codec.ts";
import type { Origin } from "../../src/task/task.ts";
import { loadYaml } from "../../src/task/yaml.ts";
import {
  type Desk,
  desk,
  helper,
  idOf,
  me,
  noon,
  put,
  at as stamp,
  taskOf,
  write,
} from "./support/desk.ts";

const id = idOf(1);
const path = pathIn(me, "active", id);
const never = () => Promise.reject(new Error("not needed"));

/** A disk that says so of every open file. */
const withSize = ({ disk }: Desk, bytes: number): Disk => ({
  ...disk,
  stat: (fd) => Object.assign(disk.stat(fd), { size: BigInt(bytes) }),
});

const envelopeIn = (at: Desk): Record<string, unknown> =>
  JSON.parse((at.memory.text(path) ?? "").split("\n")[0] ?? "");

describe("a stored task", () => {
  it("is one line of what the kernel said, then the sender's bytes as they were", () => {
    const at = desk();
    const task = taskOf(1, { text: "née" }, { from: helper, trust: "verified", moved: true });
    const bytes = encodeTask(task.request, { endMarker: true });
    expect(storeQueued(at.world, path, task, bytes)).toBe(stamp(noon));
    at.memory.reboot(true);
    expect(at.memory.mode(path)).toBe(0o600);
    expect(envelopeIn(at)).toEqual({
      ...{ con: 1, id, uid: 2000, name: "helper", agent: "helper", trust: "verified" },
      ...{ received_at: task.receivedAt, claimed_at: stamp(noon), size: bytes.length, moved: true },
    });
    expect(at.memory.text(path)?.split("\n").slice(1).join("\n")).toBe(
      Buffer.from(bytes).toString("utf8"),
    );
  });

  it.each<[string, Partial<Origin>]>([
    ["of a person", {}],
    ["of an agent", { from: helper }],
    ["that was moved here", { moved: true, trust: "unverified" }],
    ["of somebody trusted", { trust: "verified" }],
  ])("%s is read as it was", async (_, origin) => {
    const at = desk();
    const task = put(at, "active", taskOf(1, { text: "x", thread: "t" }, origin));
    expect(await readQueued(at.disk, path, never)).toEqual({ task, claimedAt: stamp(noon) });
  });

  it("is missing where it is not, and has its front matter read as YAML where that is needed", async () => {
    const at = desk();
    expect(await readQueued(at.disk, path, never)).toBe("missing");
    const raw = Buffer.from("---\nattachments:\n  - /a\n---\nx\n");
    storeQueued(at.world, path, taskOf(1), raw);
    await expect(readQueued(at.disk, path, never)).rejects.toThrow("not needed");
    expect(await readQueued(at.disk, path, loadYaml)).toMatchObject({
      task: { request: { text: "x", attachments: ["/a"] } },
    });
  });

  it("may be as large as a task with its envelope, and no larger", async () => {
    const at = desk();
    put(at, "active", taskOf(1));
    const read = (bytes: number) =>
      readQueued(withSize(at, bytes), path, never).then((one) => typeof one);
    const most = maxTaskBytes + 4096;
    expect([await read(most), await read(most + 1)]).toEqual(["object", "string"]);
  });

  it("is damaged when its task is", async () => {
    const at = desk();
    storeQueued(at.world, path, taskOf(1), Buffer.from("---\nx: y\n"));
    expect(await readQueued(at.disk, path, never)).toBe("damaged");
  });
});

describe("an envelope", () => {
  const good = {
    ...{ con: 1, id, uid: 1000, name: "ada", agent: null, trust: "unverified", size: 2 },
    ...{ received_at: stamp(noon), claimed_at: stamp(noon) },
  };
  const read = (change: object, raw = "x\n") =>
    readEnvelope(Buffer.from(`${JSON.stringify({ ...good, ...change })}\n${raw}`));

  it("is whole, or the file is damaged", () => {
    const envelope = {
      ...{ id, from: { uid: 1000, name: "ada", agent: null }, trust: "unverified", size: 2 },
      ...{ receivedAt: stamp(noon), claimedAt: stamp(noon) },
    };
    expect(read({})).toEqual({ envelope, raw: Buffer.from("x\n") });
    expect(read({ moved: true })?.envelope).toEqual({ ...envelope, moved: true });
    expect(read({ moved: "yes" })?.envelope).toEqual(envelope);
    expect(read({ agent: 7 })?.envelope.from.agent).toBeNull();
    expect(read({ agent: "ann" })?.envelope.from.agent).toBe("ann");
    expect(read({ trust: "verified" })?.envelope.trust).toBe("verified");
  });

  it.each([
    ["another version", { con: 2 }],
    ["no id", { id: null }],
    ["an id in a list", { id: [id] }],
    ["an id that is a path", { id: `../${id}` }],
    ["no uid", { uid: "0" }],
    ["no name", { name: null }],
    ["trust of another kind", { trust: "root" }],
    ["no arrival", { received_at: 5 }],
    ["no claim", { claimed_at: null }],
    ["no size", { size: "2" }],
    ["a size that is too small", { size: 1 }],
    ["a size that is too large", { size: 3 }],
  ])("is none with %s", (_, change) => {
    expect(read(change)).toBeNull();
  });

  it.each(["", "\n", "{}", "null\nx", "[]\nx", "{\nx"])("is not in %j", (text) => {
    expect(readEnvelope(Buffer.from(text))).toBeNull();
  });

  it("is not taken from a file that ends in the middle of it", () => {
    const line = JSON.stringify({ ...good, size: 0 });
    const cut = line.replace(/"size":0/, `"size":${line.length + 3}`);
    expect(readEnvelope(Buffer.from(`${cut}x`))).toBeNull();
  });

  it("is found within the first bytes, in a part of a larger buffer too", () => {
    const line = JSON.stringify(good);
    const padded = (length: number) => `${line.slice(0, -1).padEnd(length - 1)}}\nx\n`;
    expect(readEnvelope(Buffer.from(padded(4096)))).not.toBeNull();
    expect(readEnvelope(Buffer.from(padded(4097)))).toBeNull();
    const all = Buffer.from(`zz\n${padded(500)}\n`);
    expect(readEnvelope(new Uint8Array(all.buffer, all.byteOffset + 3, 503))).toMatchObject({
      envelope: { id },
    });
  });
});

describe("an id", () => {
  const all: readonly Place[] = ["active", "deferred", "held", "failed", "corrupt", "processed"];

  it("is known in the place where its task lies, the earlier one of two", () => {
    expect(placeOf(desk().disk, me, id)).toBeNull();
    for (const place of all) {
      const at = desk();
      put(at, place, taskOf(1));
      expect(placeOf(at.disk, me, id)).toBe(place);
      expect(at.memory.names(place === "processed" ? me.processed : me.queue[place])).toEqual([
        `${id}.task`,
      ]);
    }
    const both = desk();
    put(both, "held", taskOf(1));
    put(both, "active", taskOf(1));
    expect(placeOf(both.disk, me, id)).toBe("active");
    expect([responsePath(me, id), recordPath(me, id)]).toEqual([
      `${me.outbox}/${id}.response`,
      `${me.outbox}/${id}.json`,
    ]);
  });

  it("is its first sender's wherever the task lies, and nobody's when it is new", () => {
    expect(earlierSender(desk().disk, me, id)).toBeNull();
    for (const place of all) {
      const at = desk();
      put(at, place, taskOf(1));
      if (place === "corrupt") write(at, recordPath(me, id), "{}");
      expect(earlierSender(at.disk, me, id), place).toBe(1000);
    }
  });

  it("that was kept as malformed and not yet reported is dealt with again", () => {
    const at = desk();
    put(at, "corrupt", taskOf(1));
    expect(earlierSender(at.disk, me, id)).toBeNull();
  });

  it("is remembered by its record when the task is gone", () => {
    const at = desk();
    write(at, recordPath(me, id), '{"from":{"uid":1001}}');
    expect(earlierSender(at.disk, me, id)).toBe(1001);
  });

  it.each(["", "{}", "null", '{"from":null}', '{"from":{"uid":"0"}}'])(
    "with the damaged record %j is nobody's any more, and is not new",
    (text) => {
      const at = desk();
      write(at, recordPath(me, id), text);
      expect(earlierSender(at.disk, me, id)).toBe(-1);
    },
  );

  it("with a damaged or an unreadably large task is nobody's any more, and is not new", () => {
    const at = desk();
    write(at, path, "{}\n");
    expect(earlierSender(at.disk, me, id)).toBe(-1);
    put(at, "active", taskOf(1));
    expect(earlierSender(withSize(at, 2 * maxTaskBytes), me, id)).toBe(1000);
    expect(earlierSender(withSize(at, 2 * maxTaskBytes + 1), me, id)).toBe(-1);
  });
});
