import { spawn } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHints } from "../../src/runner/inbox-watch.ts";
import { createNames } from "../../src/runner/names.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { takeLock } from "../../src/system/lock.ts";
import { temporaryRoot } from "../spool/support/fixture.ts";

describe("takeLock", () => {
  it("keeps a second process out until the first is gone, also by SIGKILL", async () => {
    const path = join(temporaryRoot(), "lock");
    const holder = spawn("flock", [path, "sh", "-c", "echo held; exec sleep 600"], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    const kill = (): void => {
      if (holder.exitCode === null && holder.signalCode === null)
        process.kill(-(holder.pid ?? 0), "SIGKILL");
    };
    onTestFinished(kill);
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    expect(await takeLock(nodeDisk, path)).toBeNull();
    const gone = new Promise((resolve) => holder.once("close", resolve));
    kill();
    await gone;
    const lock = await takeLock(nodeDisk, path);
    expect(lock).not.toBeNull();
    expect(await takeLock(nodeDisk, path)).toBeNull();
    lock?.release();
    const again = await takeLock(nodeDisk, path);
    expect(again).not.toBeNull();
    again?.release();
  });
});

describe("createNames", () => {
  it("knows root, agents, users, and says uid-N otherwise", () => {
    const passwd = join(temporaryRoot(), "passwd");
    fs.writeFileSync(passwd, "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/:/bin/sh\nbad line\n");
    const names = createNames(nodeDisk, [{ name: "concierge", uid: 20000 }], passwd);
    expect(names(0)).toEqual({ uid: 0, name: "root", agent: null });
    expect(names(20000)).toEqual({ uid: 20000, name: "concierge", agent: "concierge" });
    expect(names(1000)).toEqual({ uid: 1000, name: "ada", agent: null });
    expect(names(77)).toEqual({ uid: 77, name: "uid-77", agent: null });
    expect(createNames(nodeDisk, [], "/nowhere")(5).name).toBe("uid-5");
    const shared = ["a", "b"].map((name) => ({ name, uid: 1000 }));
    expect(createNames(nodeDisk, shared, passwd)(1000)).toMatchObject({ name: "ada", agent: null });
  });
});

describe("createHints", () => {
  it("remembers a hint from before the wait", async () => {
    const hints = createHints();
    hints.event("x.task");
    expect(await hints.wait(60_000)).toBe(true);
    expect(await hints.wait(0)).toBe(false);
  });

  it("ignores dot-names and what it was told to expect, once", async () => {
    const hints = createHints();
    hints.expect("x.task");
    hints.event("x.task");
    hints.event(".x.task.tmp-00");
    expect(hints.take()).toBe(false);
    hints.event("x.task");
    expect(hints.take()).toBe(true);
  });

  it("ends a wait when aborted", async () => {
    const hints = createHints();
    const abort = new AbortController();
    const waiting = hints.wait(60_000, abort.signal);
    abort.abort("over");
    expect(await waiting).toBe(false);
  });
});
