import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deliver } from "../../src/spool/deliver.ts";
import { tidy } from "../../src/spool/tidy.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { requestOf } from "../../src/task/codec.ts";
import { isId } from "../../src/task/id.ts";
import { isMutated } from "../support/mutated.ts";
import { fixture, selfUid } from "./support/fixture.ts";

const failing = (call: "open" | "sync" | "link", code: string) => ({
  ...nodeDisk,
  [call]: () => {
    throw Object.assign(new Error(code), { code });
  },
});

describe("deliver", () => {
  it.skipIf(isMutated)(
    "commits under a fresh id and leaves no other name, whatever the umask",
    () => {
      const at = fixture();
      const before = process.umask(0o077);
      const { id } = (() => {
        try {
          return deliver(at.world, at.post.paths.inbox, requestOf("x"), { name: "my task" });
        } finally {
          process.umask(before);
        }
      })();
      expect(isId(id)).toBe(true);
      expect(id).toMatch(/^my_task-/);
      expect(fs.readdirSync(at.post.paths.inbox)).toEqual([`${id}.task`]);
      const stat = fs.statSync(join(at.post.paths.inbox, `${id}.task`));
      expect([stat.mode & 0o777, stat.nlink]).toEqual([0o640, 1]);
    },
  );

  it("keeps a thousand deliveries of one moment apart", () => {
    const count = isMutated ? 20 : 1000;
    const at = fixture({ now: () => 1_700_000_000_000 });
    const ids = Array.from({ length: count }, () =>
      deliver(at.world, at.post.paths.inbox, requestOf("x")),
    );
    expect(new Set(ids.map(({ id }) => id)).size).toBe(count);
    expect(fs.readdirSync(at.post.paths.inbox)).toHaveLength(count);
  });

  it("collapses repeats of one id", () => {
    const at = fixture();
    const id = "01890a5d-ac96-774b-bcce-b302099a8057";
    for (const text of ["first", "second"]) {
      expect(deliver(at.world, at.post.paths.inbox, requestOf(text), { id })).toEqual({ id });
    }
    const [name, ...more] = fs.readdirSync(at.post.paths.inbox);
    expect(more).toEqual([]);
    expect(fs.readFileSync(join(at.post.paths.inbox, name ?? ""), "utf8")).toContain("first");
  });

  it.runIf(selfUid === 0)("goes round a stranger who squats on its id", () => {
    const at = fixture();
    const id = "01890a5d-ac96-774b-bcce-b302099a8057";
    const squatted = join(at.post.paths.inbox, `${id}.task`);
    fs.writeFileSync(squatted, "squat");
    fs.chownSync(squatted, 1001, 1001);
    const got = deliver(at.world, at.post.paths.inbox, requestOf("x"), { id });
    expect(got.id).not.toBe(id);
    expect(fs.readFileSync(squatted, "utf8")).toBe("squat");
    expect(fs.existsSync(join(at.post.paths.inbox, `${got.id}.task`))).toBe(true);
  });

  it.each([
    ["open", "EACCES", 77],
    ["open", "ENOENT", 73],
    ["open", "EROFS", 75],
    ["sync", "ENOSPC", 75],
    ["sync", "EIO", 75],
    ["link", "EDQUOT", 75],
  ] as const)("explains %s failing with %s as %d and leaves nothing", (call, code, expected) => {
    const at = fixture({ disk: failing(call, code) });
    expect(() => deliver(at.world, at.post.paths.inbox, requestOf("x"))).toThrow(
      expect.objectContaining({ name: "ConError", code: expected }),
    );
    expect(fs.readdirSync(at.post.paths.inbox)).toEqual([]);
  });

  it.each([
    ["/srv/con/agents/helper/inbox", "helper"],
    ["/srv/con/inbox", "the front desk"],
  ])("says whose inbox %s is where it may not write", (inbox, whose) => {
    const at = fixture({ disk: failing("open", "EACCES") });
    const remedy = `ask for a grant to task ${whose}, or run it as a member of group trusted`;
    expect(() => deliver(at.world, inbox, requestOf("x"))).toThrow(
      expect.objectContaining({ remedy }),
    );
  });

  it("refuses what is too large before writing", () => {
    const at = fixture();
    const request = requestOf("x".repeat(16 * 1024 * 1024));
    expect(() => deliver(at.world, at.post.paths.inbox, request)).toThrow(
      expect.objectContaining({ code: 65 }),
    );
  });

  it("rings the bell, and never waits for a reader", () => {
    const at = fixture();
    const bell = join(at.root, "bell");
    execFileSync("mkfifo", [bell]);
    deliver(at.world, at.post.paths.inbox, requestOf("x"), { bell });
    const reader = fs.openSync(bell, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      deliver(at.world, at.post.paths.inbox, requestOf("x"), { bell });
      expect(fs.readSync(reader, Buffer.alloc(8))).toBe(1);
    } finally {
      fs.closeSync(reader);
    }
    deliver(at.world, at.post.paths.inbox, requestOf("x"), { bell: join(at.root, "none") });
  });
});

describe("tidy", () => {
  it("removes old dot-names of senders and nothing else", () => {
    const at = fixture();
    const names = [".a.task.tmp-0123456789abcdef", ".open-5-a.task", ".mine", "a.task"];
    const old = Date.now() / 1000 - 37 * 3600;
    fs.mkdirSync(join(at.post.paths.state, "sent"));
    for (const name of names) {
      fs.writeFileSync(join(at.post.paths.inbox, name), "x");
      fs.utimesSync(join(at.post.paths.inbox, name), old, old);
    }
    const fresh = ".b.task.tmp-0123456789abcdef";
    fs.writeFileSync(join(at.post.paths.inbox, fresh), "x");
    tidy(at.world, at.post);
    expect(fs.readdirSync(at.post.paths.inbox).sort()).toEqual([...names.slice(1), fresh].sort());
  });
});
