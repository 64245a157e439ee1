/** Forged tools on disk: versions, digests, rollback, and a crash or a power cut at every call that changes something. */
import { expect, it } from "vitest";
import { createRegistry } from "../../../src/tools/forge/registry.ts";
import { Crash, type MemoryDisk } from "../../spool/support/memory-disk.ts";
import { createKept, made, root } from "./support.ts";

const versionOf = (memory: MemoryDisk, name = "fib") => {
  const loaded = createRegistry(memory.disk(), root).load(name);
  return loaded.ok ? [loaded.manifest.version, loaded.code] : loaded.why;
};

it("keeps every version, and turns from one to another", () => {
  const { memory, desk } = createKept();
  const { registry } = desk;
  expect(registry.names()).toEqual([]);
  expect(registry.register(made("fib", "one"))).toEqual({ version: 1 });
  expect(registry.register(made("fib", "two"))).toEqual({ version: 2 });
  expect(registry.register(made("sum", "three"))).toEqual({ version: 1 });
  expect(registry.names()).toEqual(["fib", "sum"]);
  expect(versionOf(memory)).toEqual([2, "two"]);
  expect(registry.rollBack("fib", 1)).toEqual({ ok: true });
  expect(versionOf(memory)).toEqual([1, "one"]);
  expect(registry.rollBack("fib", 3)).toEqual({ ok: false, why: "forged.fib has no version 3" });
  expect(registry.remove("fib")).toEqual({ ok: true });
  expect(versionOf(memory)).toBe("forged.fib was removed");
  // A number is never used again: what was written once stays what it was.
  expect(registry.register(made("fib", "four"))).toEqual({ version: 3 });
  expect(registry.rollBack("fib", 2)).toEqual({ ok: true });
  expect(versionOf(memory)).toEqual([2, "two"]);
});

it.each(["tool.json", "code", "tests.json", "report.md"])(
  "refuses a version whose %s was changed",
  (file) => {
    const { memory, desk } = createKept();
    desk.registry.register(made("fib", "one"));
    desk.registry.register(made("fib", "two"));
    const path = `${root}/versions/fib/2/${file}`;
    const inode = memory.folders.get(`${root}/versions/fib/2`)?.entries.get(file);
    if (inode === undefined) throw new Error(path);
    expect(versionOf(memory)).toEqual([2, "two"]);
    inode.data = Buffer.concat([inode.data, Buffer.from(" ")]);
    expect(versionOf(memory)).toContain("version 2 is not what was registered");
    memory.disk().unlink(path);
    expect(versionOf(memory)).toContain("version 2 is not what was registered");
    expect(desk.registry.rollBack("fib", 2)).toMatchObject({ ok: false });
    expect(desk.registry.rollBack("fib", 1)).toEqual({ ok: true });
    expect(versionOf(memory)).toEqual([1, "one"]);
  },
);

it("says so when the pointer of a tool cannot be read, and changes nothing then", () => {
  const { memory, desk } = createKept();
  desk.registry.register(made("fib", "one"));
  const inode = memory.folders.get(`${root}/current`)?.entries.get("fib.json");
  if (inode === undefined) throw new Error("no pointer");
  for (const text of ["{", "[]", '{"format":1,"version":1,"digests":{"../x":"0"}}']) {
    inode.data = Buffer.from(text);
    expect(versionOf(memory)).toContain("cannot be read");
    expect(desk.registry.register(made("fib", "two"))).toMatchObject({ why: expect.any(String) });
    expect(memory.text(`${root}/current/fib.json`)).toBe(text);
  }
});

it("reaches nothing by a name that is none", () => {
  const { desk } = createKept();
  for (const name of ["../fib", "Fib", "fib.json", "", "fíb"])
    expect(desk.registry.load(name)).toMatchObject({ ok: false });
});

const acts = {
  register: (disk: MemoryDisk) => {
    createRegistry(disk.disk(), root).register(made("fib", "two"));
  },
  "roll back": (disk: MemoryDisk) => {
    createRegistry(disk.disk(), root).rollBack("fib", 1);
  },
  remove: (disk: MemoryDisk) => {
    createRegistry(disk.disk(), root).remove("fib");
  },
};

it.each(["register", "roll back", "remove"] as const)(
  "%s: after a crash at any step the old or the new is whole",
  (name) => {
    const start = (): MemoryDisk => {
      const { memory, desk } = createKept();
      desk.registry.register(made("fib", "zero"));
      if (name === "roll back") desk.registry.register(made("fib", "one"));
      memory.calls = 0;
      return memory;
    };
    const whole = start();
    const before = versionOf(whole);
    acts[name](whole);
    const after = versionOf(whole);
    expect(after).not.toEqual(before);
    expect(whole.calls).toBeGreaterThan(3);
    const seen = new Set<string>();
    for (const powerCut of [false, true])
      for (let step = 1; step <= whole.calls; step += 1) {
        const memory = start();
        memory.crashAt = step;
        expect(() => acts[name](memory)).toThrow(Crash);
        memory.reboot(powerCut);
        const found = versionOf(memory);
        expect([before, after]).toContainEqual(found);
        seen.add(JSON.stringify(found));
        acts[name](memory);
        const again = createRegistry(memory.disk(), root).load("fib");
        if (name === "register") expect(again).toMatchObject({ ok: true, code: "two" });
        else expect(versionOf(memory)).toEqual(after);
      }
    expect(seen.has(JSON.stringify(before))).toBe(true);
  },
);

it("a full disk leaves the old version", () => {
  const { memory, desk } = createKept();
  desk.registry.register(made("fib", "one"));
  for (let room = 4; room < 15; room += 1) {
    memory.fullFrom = memory.calls + room;
    expect(() => desk.registry.register(made("fib", "two"))).toThrow("ENOSPC");
    expect(versionOf(memory)).toEqual([1, "one"]);
  }
});
