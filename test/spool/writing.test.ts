import { describe, expect, it } from "vitest";
import type { Lease } from "../../src/system/lease.ts";
import { quietMs } from "../../src/task/retry.ts";
import { type Desk, desk, me, write } from "./support/desk.ts";
import { look, marked, path, quiet, type Stat, twin } from "./support/look.ts";

describe("a second name", () => {
  const link = (at: Desk, name: string): void => at.disk.link(path, name);
  const hard = "it is a hard link to another file";

  it("that a sender leaves for a moment is ours, and no other", async () => {
    const ours = quiet(marked);
    link(ours, twin);
    expect((await look(ours)).entry.kind).toBe("whole");
    for (const name of ["b.task", ".b.task.tmp-0123456789abcdef", "x.a.task.tmp-0"]) {
      const at = quiet(marked);
      link(at, `${me.inbox}/${name}`);
      const { entry, open } = await look(at);
      expect([entry.kind, "why" in entry && entry.why], name).toEqual(["odd", hard]);
      expect(open.size).toBe(0);
    }
  });

  it("beside a third one, or beside a twin that is another file, is somebody's", async () => {
    const third = quiet(marked);
    link(third, twin);
    link(third, `${me.inbox}/b.task`);
    const foreign = quiet(marked);
    write(foreign, twin, "another");
    link(foreign, `${me.inbox}/b.task`);
    for (const at of [third, foreign])
      expect((await look(at)).entry).toMatchObject({ kind: "odd", why: hard });
  });

  it("that is gone when it is looked for does not matter", async () => {
    const at = quiet(marked);
    link(at, twin);
    const names = at.disk.list(me.inbox);
    const list = (directory: string): string[] => {
      at.disk.unlink(twin);
      return at.disk.list(directory);
    };
    expect((await look(at, { list })).entry.kind).toBe("whole");
    at.disk.link(path, twin);
    const late = (): string[] => {
      at.disk.unlink(twin);
      return names;
    };
    expect((await look(at, { list: late })).entry.kind).toBe("whole");
  });
});

describe("a file without our end marker", () => {
  const leaseOf = (take: ReturnType<Lease["take"]>) => {
    const released: number[] = [];
    const lease: Lease = { take: () => take, release: (fd) => void released.push(fd) };
    return { lease, released };
  };

  it("is whole while nobody can write to it: the kernel says so, and is asked no longer", async () => {
    const at = desk();
    write(at, path, "x\n");
    const { lease, released } = leaseOf("held");
    const { entry, open } = await look(at, {}, lease);
    expect(entry).toMatchObject({ kind: "whole", marked: false, bytes: Buffer.from("x\n") });
    expect(released).toEqual([...open]);
  });

  it("is growing while somebody can, however quiet it is", async () => {
    const at = quiet();
    const { lease, released } = leaseOf("writer");
    const { entry, open } = await look(at, {}, lease);
    expect(entry.kind).toBe("growing");
    expect([released, open.size]).toEqual([[], 0]);
  });

  it("is read anew once it is leased", async () => {
    const at = desk();
    write(at, path, "x\n");
    const take = () => {
      write(at, path, "longer\n");
      return "held" as const;
    };
    const { entry } = await look(at, {}, { take, release: () => undefined });
    expect(entry).toMatchObject({ bytes: Buffer.from("longer\n"), facts: { size: 7n } });
  });

  it.each([null, leaseOf("unavailable").lease])(
    "where there are no leases is whole after a while without a change: %o",
    async (lease) => {
      const at = quiet();
      const written = Number(at.disk.lstat(path).mtimeNs / 1_000_000n);
      at.clock.ms = written + quietMs - 1;
      expect((await look(at, {}, lease)).entry.kind).toBe("growing");
      at.clock.ms = written + quietMs;
      expect((await look(at, {}, lease)).entry).toMatchObject({ kind: "whole", marked: false });
    },
  );

  it("is growing when its size or time changed while it was looked at", async () => {
    for (const change of [{ size: 3n }, { mtimeNs: 5n }]) {
      const at = quiet();
      const { lease, released } = leaseOf("unavailable");
      let asked = 0;
      // Asked for its kind, twice for its size, then once more.
      const stat = (fd: number): Stat => {
        asked += 1;
        return asked === 4 ? { ...at.disk.stat(fd), ...change } : at.disk.stat(fd);
      };
      const { entry, open } = await look(at, { stat }, lease);
      expect(entry).toMatchObject({ kind: "growing", facts: change });
      expect([asked, open.size, released]).toEqual([4, 0, []]);
    }
  });
});
