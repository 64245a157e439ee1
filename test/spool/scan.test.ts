/** What lies in the inboxes, in running order. Names and first bytes are anybody's. */
import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Candidate, openNameFor, scan } from "../../src/spool/scan.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { desk, failing, helperInbox, me } from "./support/desk.ts";
import { fixture } from "./support/fixture.ts";
import { drop, one } from "./support/peek.ts";

describe("the names that count", () => {
  it("end in .task and begin with no dot, but for what was set aside while it was written", () => {
    const at = desk();
    for (const name of ["a.task", "b", "c.task.x", ".d.task", ".open-5-e.task", ".open-x-f.task"])
      drop(at, name);
    for (const name of [".open-5-.task", ".open-5-g", "x.open-5-h.task", ".task"]) drop(at, name);
    const found = scan(at.world, at.post).map(({ base, open }) => [base, open]);
    expect(found).toEqual([
      ["a", false],
      ["e", true],
      ["x.open-5-h", false],
    ]);
  });

  it("are those of all inboxes, told apart by their path", () => {
    const at = desk({}, { inboxes: [helperInbox, me.inbox] });
    drop(at, "a.task");
    drop(at, "b.task", "x", helperInbox);
    const found = scan(at.world, at.post);
    expect(found.map(({ inbox, path }) => [inbox, path])).toEqual([
      [me.inbox, `${me.inbox}/a.task`],
      [helperInbox, `${helperInbox}/b.task`],
    ]);
  });

  it("say of each who owns it and when it came", () => {
    const at = desk();
    at.memory.uid = 1001;
    drop(at, "a.task");
    const stat = at.disk.lstat(`${me.inbox}/a.task`);
    expect(one(at)).toEqual({
      ...{ inbox: me.inbox, path: `${me.inbox}/a.task`, base: "a", open: false },
      ...{ control: false, rank: 2, uid: 1001n, arrivedNs: stat.ctimeNs },
    });
  });

  it("are put into one line where two came at one moment", () => {
    const at = desk();
    for (const name of ["b.task", "a.task", "c.task"]) drop(at, name);
    const stat = at.disk.lstat(`${me.inbox}/a.task`);
    const disk = { ...at.disk, lstat: () => stat, stat: () => stat };
    expect(scan({ ...at.world, disk }, at.post).map(({ base }) => base)).toEqual(["a", "b", "c"]);
  });
});

describe("the name of what is set aside", () => {
  it("tells its inode and its own name, as long as that fits", () => {
    expect(openNameFor("a b", 12n)).toBe(".open-12-a b.task");
    const longest = "x".repeat(255 - ".open-12-.task".length);
    expect(openNameFor(longest, 12n)).toBe(`.open-12-${longest}.task`);
    expect(openNameFor(`${longest}x`, 12n)).toBe(`.open-12-${"x".repeat(64)}.task`);
    expect(openNameFor("ü".repeat(125), 12n)).toBe(".open-12-_.task");
  });
});

describe("an entry that", () => {
  it.each(["EACCES", "EPERM", "ELOOP", "ENXIO"])(
    "cannot be opened (%s) has the place of a normal one",
    (code) => {
      const at = desk();
      drop(at, "a.task", "---\npriority: low\n---\nx");
      const world = { ...at.world, disk: failing(at.disk, "open", code) };
      expect(scan(world, at.post).map(({ rank }) => rank)).toEqual([2]);
    },
  );

  it("is gone at either look is passed over, and any other failure is told", () => {
    for (const call of ["lstat", "open"] as const) {
      const at = desk();
      drop(at, "a.task");
      const on = (code: string) => () =>
        scan({ ...at.world, disk: failing(at.disk, call, code, "a.task") }, at.post);
      expect(on("ENOENT")()).toEqual([]);
      expect(on("EIO")).toThrow("EIO");
    }
  });

  it("was looked at is let go", () => {
    const at = desk();
    const fds: number[] = [];
    drop(at, "a.task");
    const disk = {
      ...at.disk,
      open: (path: string, flags: number) => {
        fds.push(at.disk.open(path, flags));
        return fds.at(-1) ?? 0;
      },
      close: (fd: number) => void fds.splice(fds.indexOf(fd), 1),
    };
    scan({ ...at.world, disk }, at.post);
    expect(fds).toEqual([]);
    const read = () => {
      throw Object.assign(new Error("EIO"), { code: "EIO" });
    };
    expect(() => scan({ ...at.world, disk: { ...disk, read } }, at.post)).toThrow("EIO");
    expect(fds).toEqual([]);
  });

  it("is no file is not even opened", () => {
    const at = desk();
    drop(at, "a.task");
    const stat = { ...at.disk.lstat(`${me.inbox}/a.task`), isFile: () => false };
    const lstat = () => stat as ReturnType<typeof at.disk.lstat>;
    const disk = { ...failing(at.disk, "open", "EIO"), lstat };
    expect(scan({ ...at.world, disk }, at.post)).toMatchObject([{ rank: 2, control: false }]);
  });
});

describe("a name that is not UTF-8", () => {
  const bytes = (...parts: readonly (string | number)[]): Buffer =>
    Buffer.concat(parts.map((one) => Buffer.from(typeof one === "string" ? one : [one])));

  it("becomes one that is, said so; the others in the inbox stay as they are", () => {
    const at = fixture();
    const { inbox } = at.post.paths;
    const make = (name: Buffer): void =>
      fs.writeFileSync(Buffer.concat([Buffer.from(`${inbox}/`), name]), "x");
    make(bytes("a", 0xff, "b.task"));
    make(bytes(".c", 0xff, ".task"));
    make(bytes("d", 0xff));
    make(bytes("good \ufffd.task"));
    make(bytes("plain.task"));
    const found = scan(at.world, at.post);
    const [good, renamed] = ["good", "a"].map((head) =>
      found.find(({ base }) => base.startsWith(head)),
    );
    expect(found).toHaveLength(3);
    expect(renamed).toMatchObject({ base: "a_b", open: true });
    expect(good).toMatchObject({ base: "good \ufffd", open: false });
    const { ino } = fs.statSync(join(inbox, `.open-${inodeIn(renamed)}-a_b.task`));
    expect(String(ino)).toBe(inodeIn(renamed));
    expect(fs.readdirSync(inbox)).toHaveLength(5);
    expect(at.lines).toEqual([
      {
        ...{ level: "warn", message: "renamed a task whose name is not UTF-8" },
        fields: { inbox, name: `.open-${ino}-a_b.task` },
      },
    ]);
  });

  it("may be gone before it is renamed; any other failure is told", () => {
    const at = fixture();
    fs.writeFileSync(
      Buffer.concat([Buffer.from(`${at.post.paths.inbox}/`), bytes("a", 0xff, ".task")]),
      "x",
    );
    const on = (code: string) => () =>
      scan({ ...at.world, disk: failing(nodeDisk, "rename", code) }, at.post);
    expect(on("ENOENT")).not.toThrow();
    expect(on("EROFS")).toThrow("EROFS");
  });
});

const inodeIn = (candidate: Candidate | undefined): string =>
  /\.open-(\d+)-/.exec(candidate?.path ?? "")?.[1] ?? "";
