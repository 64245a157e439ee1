/** What a sender meets: names that are taken, bells that nobody hears, disks and inboxes that refuse. */
import { constants } from "node:fs";
import { describe, expect, it } from "vitest";
import { type DeliverOptions, deliver, freshId } from "../../src/spool/deliver.ts";
import type { Disk } from "../../src/system/disk.ts";
import { maxTaskBytes, requestOf } from "../../src/task/codec.ts";
import { isId, timeOfId } from "../../src/task/id.ts";
import { type Desk, desk, failing, idOf, me, noon, write } from "./support/desk.ts";

const id = idOf(1);
const stranger = 1666;

const send = (at: Desk, change: Partial<Disk> = {}, options: DeliverOptions = {}) =>
  deliver({ ...at.world, disk: { ...at.disk, ...change } }, me.inbox, requestOf("x"), options);

const errno = (code: string): Error => Object.assign(new Error(code), { code });

describe("a task that is sent", () => {
  it("is whole, for the receiver's group to read, and survives a power cut", () => {
    const at = desk();
    expect(send(at, {}, { id })).toEqual({ id });
    expect(at.memory.names(me.inbox)).toEqual([`${id}.task`]);
    at.memory.reboot(true);
    expect(at.memory.text(`${me.inbox}/${id}.task`)).toBe("x\n--- end 2\n");
    expect(at.memory.mode(`${me.inbox}/${id}.task`)).toBe(0o640);
  });

  it("has a fresh id with the time in it, readable at its beginning where it is named", () => {
    const at = desk();
    const [bare, named] = [freshId(at.world), freshId(at.world, "my task/..")];
    expect([isId(bare), isId(named), timeOfId(bare), timeOfId(named)]).toEqual([
      ...[true, true, noon, noon],
    ]);
    expect([bare.length, named.slice(0, -36)]).toEqual([36, "my_task_..-"]);
    expect(send(at, {}, { name: "note" }).id).toMatch(/^note-/);
    expect(send(at).id).toHaveLength(36);
  });

  it("may have just the largest size", () => {
    const at = desk();
    const sizes: number[] = [];
    const disk: Partial<Disk> = {
      write: (_, bytes, offset) => {
        sizes.push(bytes.length);
        return bytes.length - offset;
      },
    };
    const world = { ...at.world, disk: { ...at.disk, ...disk } };
    const fits = maxTaskBytes - "\n--- end 16777200\n".length;
    deliver(world, me.inbox, requestOf("x".repeat(fits)));
    expect(sizes).toEqual([maxTaskBytes]);
    expect(() => deliver(world, me.inbox, requestOf("x".repeat(fits + 1)))).toThrow(
      expect.objectContaining({
        ...{
          code: 65,
          what: "task",
          why: `${maxTaskBytes + 1} bytes are more than ${maxTaskBytes}`,
        },
        remedy: "put the text into a file and name its path",
      }),
    );
    expect(sizes).toHaveLength(1);
  });
});

describe("a name that is taken", () => {
  it("by ourselves is a repeat, once that name is on disk", () => {
    const at = desk();
    write(at, `${me.inbox}/${id}.task`, "mine");
    expect(send(at, {}, { id })).toEqual({ id });
    expect(at.memory.text(`${me.inbox}/${id}.task`)).toBe("mine");
    at.memory.reboot(true);
    expect(at.memory.names(me.inbox)).toContain(`${id}.task`);
  });

  it("by a stranger is left alone: the task gets another one, named as before", () => {
    const at = desk();
    at.memory.uid = stranger;
    write(at, `${me.inbox}/${id}.task`, "squat");
    const got = send(at, {}, { id, name: "note" });
    expect(got.id).toMatch(/^note-/);
    expect(at.memory.text(`${me.inbox}/${id}.task`)).toBe("squat");
    expect(at.memory.text(`${me.inbox}/${got.id}.task`)).toBe("x\n--- end 2\n");
  });

  it("and gone when it is looked at is tried again, some times", () => {
    for (const [gone, tries] of [
      [2, 3],
      [100, 6],
    ] as const) {
      const at = desk();
      let linked = 0;
      const change: Partial<Disk> = {
        find: () => null,
        link: (from, to) => {
          linked += 1;
          if (linked <= gone) throw errno("EEXIST");
          at.disk.link(from, to);
        },
      };
      if (tries === 3) expect(send(at, change, { id })).toEqual({ id });
      else
        expect(() => send(at, change, { id })).toThrow(
          expect.objectContaining({
            ...{ code: 73, what: me.inbox, remedy: "look who writes there" },
            why: "task ids are taken as fast as they are made",
          }),
        );
      expect(linked).toBe(tries);
    }
  });
});

describe("an inbox that refuses", () => {
  it.each([
    ["ENOSPC", 75, "ENOSPC", "free space or mend the disk, then try again"],
    ["EACCES", 77, "this user may not write there", grant("me")],
    ["EPERM", 77, "this user may not write there", grant("me")],
    ["ENOENT", 73, "there is no such inbox", "see `con status` for the agents"],
    ["ENOTDIR", 73, "ENOTDIR", "see `con status` for the agents"],
  ])("with %s is explained, and what failed is kept as its cause", (code, exit, why, remedy) => {
    const change = failing(desk().disk, "open", code);
    expect(() => send(desk(), change)).toThrow(
      expect.objectContaining({
        ...{ name: "ConError", code: exit, what: `cannot deliver to ${me.inbox}`, why, remedy },
        cause: expect.objectContaining({ code }),
      }),
    );
  });

  it("of the front desk is not taken for an agent's", () => {
    const at = desk();
    for (const inbox of ["/srv/con/inbox", "/inbox", "/agents/inbox", "agents/inbox"]) {
      const world = { ...at.world, disk: failing(at.disk, "open", "EACCES") };
      expect(() => deliver(world, inbox, requestOf("x"))).toThrow(
        expect.objectContaining({ remedy: grant("the front desk") }),
      );
    }
  });

  it("hides no fault of our own", () => {
    const bug = new TypeError("a bug");
    const open = () => {
      throw bug;
    };
    expect(() => send(desk(), { open })).toThrow(bug);
  });
});

describe("a bell", () => {
  const bell = "/run/bell";

  it("is rung by one byte, after the delivery, and never waited for", () => {
    const at = desk();
    const calls: unknown[] = [];
    const change: Partial<Disk> = {
      open: (path, flags, mode) => {
        if (path !== bell) return at.disk.open(path, flags, mode);
        calls.push(["open", flags, at.memory.names(me.inbox)]);
        return 99;
      },
      write: (fd, bytes, offset) => {
        if (fd !== 99) return at.disk.write(fd, bytes, offset);
        calls.push(["write", Buffer.from(bytes).toString("utf8")]);
        return 1;
      },
      close: (fd) => {
        if (fd === 99) calls.push(["close"]);
        else at.disk.close(fd);
      },
    };
    send(at, change, { id, bell });
    const { O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
    expect(calls).toEqual([
      ["open", O_WRONLY | O_NONBLOCK | O_NOFOLLOW, [`${id}.task`]],
      ["write", "\n"],
      ["close"],
    ]);
    calls.length = 0;
    send(at, change, { bell: null });
    send(at, change);
    expect(calls).toEqual([]);
  });

  it.each(["ENXIO", "ENOENT", "EAGAIN", "EPIPE", "EACCES"])(
    "that nobody hears (%s) is no failure: the sweep finds the task",
    (code) => {
      const at = desk();
      send(at, failing(at.disk, "open", code, bell), { id, bell });
      expect(at.memory.names(me.inbox)).toEqual([`${id}.task`]);
    },
  );

  it("that fails otherwise is told", () => {
    const at = desk();
    expect(() => send(at, failing(at.disk, "open", "ELOOP", bell), { bell })).toThrow("ELOOP");
    const bug = () => {
      throw new TypeError("a bug");
    };
    const change = {
      open: (path: string, ...rest: [number, number?]) =>
        path === bell ? bug() : at.disk.open(path, ...rest),
    };
    expect(() => send(at, change, { bell })).toThrow("a bug");
  });
});

function grant(agent: string): string {
  return `ask for a grant to task ${agent}, or run it as a member of group trusted`;
}
