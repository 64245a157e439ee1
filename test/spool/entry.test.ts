/** One entry of an inbox, which may be anything: what a claim sees of it. */
import { constants } from "node:fs";
import { describe, expect, it } from "vitest";
import { unlinkSame } from "../../src/spool/entry.ts";
import { maxTaskBytes } from "../../src/task/codec.ts";
import { desk, failing, me, write } from "./support/desk.ts";
import { factsOf, look, marked, path, quiet, type Stat } from "./support/look.ts";

const kinds: Partial<Stat>[] = [
  { isSymbolicLink: () => true },
  { isDirectory: () => true },
  { isFIFO: () => true },
  { isSocket: () => true },
  {},
];
const words = ["a symbolic link", "a directory", "a FIFO", "a socket", "a device"];

describe("an entry that is no file", () => {
  it("is never opened, and called what it is", async () => {
    for (const [n, kind] of kinds.entries()) {
      const at = quiet();
      const facts = factsOf(at, { isFile: () => false, ...kind });
      const { entry, flags } = await look(at, { find: () => facts });
      expect(entry).toEqual({ kind: "odd", facts, why: `it is ${words[n]}` });
      expect(flags).toEqual([]);
    }
  });

  it("is seen also when it took the name just before the opening, and closed", async () => {
    for (const [n, kind] of kinds.entries()) {
      const at = quiet();
      const facts = factsOf(at, { isFile: () => false, ...kind });
      const { entry, open } = await look(at, { stat: () => facts });
      expect(entry).toEqual({ kind: "odd", facts, why: `it is ${words[n]}` });
      expect(open.size).toBe(0);
    }
  });
});

describe("an entry that cannot be opened", () => {
  it.each([
    ["ENOENT", "gone"],
    ["EACCES", "closed"],
    ["EPERM", "closed"],
    ["ELOOP", "odd"],
    ["ENXIO", "odd"],
    ["ENODEV", "odd"],
    ["EISDIR", "odd"],
  ])("with %s is %s", async (code, kind) => {
    const at = quiet();
    const facts = expect.objectContaining({ ino: at.disk.lstat(path).ino });
    const { entry } = await look(at, failing(at.disk, "open", code));
    expect(entry).toEqual({
      kind,
      ...(kind === "gone" ? {} : { facts }),
      ...(kind === "odd" ? { why: `it cannot be opened (${code})` } : {}),
    });
  });

  it("for another reason is our own trouble, and so is one that cannot be asked", async () => {
    const at = quiet();
    await expect(look(at, failing(at.disk, "open", "EMFILE"))).rejects.toThrow("EMFILE");
    const bug = () => {
      throw new TypeError("a bug");
    };
    await expect(look(at, { open: bug })).rejects.toThrow("a bug");
    await expect(look(at, { stat: bug })).rejects.toThrow("a bug");
    expect((await look(desk())).entry).toEqual({ kind: "gone" });
  });
});

describe("a plain file", () => {
  it("is opened without following, waiting or becoming a terminal, and stays open until released", async () => {
    const at = quiet(marked);
    const { entry, open, flags } = await look(at);
    if (entry.kind !== "whole") throw new Error(entry.kind);
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
    expect(flags).toEqual([O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY]);
    expect(Buffer.from(entry.bytes)).toEqual(Buffer.from(marked));
    expect([entry.marked, entry.facts.ino, open.size]).toEqual([true, at.disk.lstat(path).ino, 1]);
    entry.release();
    expect(open.size).toBe(0);
  });

  it("with our end marker is whole at once, whoever may have it open", async () => {
    const at = desk();
    write(at, path, marked);
    const lease = { take: () => "writer" as const, release: () => undefined };
    expect((await look(at, {}, lease)).entry).toMatchObject({ kind: "whole", marked: true });
  });

  it("that is too large is not read, whatever became of it meanwhile", async () => {
    const why = `it is larger than ${maxTaskBytes} bytes`;
    const at = quiet();
    const large = factsOf(at, { size: BigInt(maxTaskBytes + 1) });
    const { entry, open } = await look(at, { stat: () => large });
    expect(entry).toEqual({ kind: "odd", facts: large, why });
    expect(open.size).toBe(0);
    let asked = 0;
    const lease = { take: () => "held" as const, release: () => undefined };
    const stat = (fd: number): Stat => (++asked > 2 ? large : at.disk.stat(fd));
    const later = await look(at, { stat }, lease);
    expect(later.entry).toEqual({ kind: "odd", facts: large, why });
  });
});

describe("removing what was read", () => {
  it("leaves any other file that has the name now", () => {
    for (const change of [{ ino: 999n }, { dev: 999n }]) {
      const at = quiet();
      unlinkSame(at.disk, path, factsOf(at, change));
      expect(at.memory.names(me.inbox)).toEqual(["a.task"]);
    }
    const at = quiet();
    const facts = factsOf(at);
    unlinkSame(at.disk, path, facts);
    expect(at.memory.names(me.inbox)).toEqual([]);
    unlinkSame(at.disk, path, facts);
  });

  it("minds no name that is gone, and every other failure", () => {
    const at = quiet();
    const on = (code: string) => () =>
      unlinkSame(failing(at.disk, "unlink", code), path, factsOf(at));
    expect(on("ENOENT")).not.toThrow();
    expect(on("EACCES")).toThrow("EACCES");
  });
});
