import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Attempt, runSession } from "../../src/runner/session.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { takeLock } from "../../src/system/lock.ts";
import { done, makeDirectories, selfUid } from "../spool/support/fixture.ts";

import { bed, echo, never } from "./support/bed.ts";

describe("runSession", () => {
  it("answers all tasks and ends with 0", async () => {
    const at = bed();
    const ids = ["a", "b", "c"].map((text) => at.send(text));
    expect(await at.run(echo)).toBe(0);
    expect(ids.map(at.answer)).toEqual(["got a\n", "got b\n", "got c\n"]);
    expect(at.record(ids[0] ?? "")).toMatchObject({
      agent: "me",
      status: "done",
      from: { uid: selfUid },
      trust: "verified",
      attempts: 1,
      model: "test",
      error: null,
      thread: null,
    });
    const mode = fs.statSync(join(at.post.paths.outbox, `${ids[0]}.json`)).mode & 0o777;
    expect(mode).toBe(0o640);
    expect(fs.readdirSync(at.post.paths.inbox)).toEqual([]);
    expect(fs.readdirSync(at.post.paths.processed)).toHaveLength(3);
  });

  it("takes the task that arrives while it lingers", async () => {
    const at = bed({ lingerMs: 60_000 });
    let second = "";
    const attempt: Attempt = (task) => {
      if (task.request.text === "two") at.stop.abort();
      else setImmediate(() => setTimeout(() => (second = at.send("two")), 1));
      return echo(task, { signal: at.stop.signal, attempts: 1 });
    };
    at.send("one");
    expect(await at.run(attempt)).toBe(0);
    expect(at.answer(second)).toBe("got two\n");
  });

  it("leaves the second runner outside", async () => {
    const at = bed();
    const lock = await takeLock(nodeDisk, at.post.paths.lock);
    const id = at.send("x");
    expect(await at.run(never)).toBe(75);
    lock?.release();
    expect(await at.run(echo)).toBe(0);
    expect(at.answer(id)).toBe("got x\n");
  });

  it("waits for a slow writer and takes the whole", async () => {
    const at = bed({ lingerMs: 60_000 });
    const path = join(at.post.paths.inbox, "x.task");
    const fd = fs.openSync(path, "w");
    fs.writeSync(fd, "A");
    let seen = 0;
    const lease = await at.world.lease();
    const watched = {
      take: (file: number) => {
        const answer = lease?.take(file) ?? "unavailable";
        seen += 1;
        // Looked at twice while it was open: now the writer ends.
        if (seen === 2) {
          fs.writeSync(fd, "B");
          fs.closeSync(fd);
        }
        return answer;
      },
      release: (file: number) => lease?.release(file),
    };
    const texts: string[] = [];
    const world = { ...at.session, lease: () => Promise.resolve(watched) };
    await runSession(world, at.agent, (task) => {
      texts.push(task.request.text);
      at.stop.abort();
      return Promise.resolve(done("ok"));
    });
    expect(texts).toEqual(["AB"]);
    expect(seen).toBeGreaterThan(2);
  });

  it("sets a file aside that stays open, and takes it in a later session", async () => {
    const at = bed();
    const fd = fs.openSync(join(at.post.paths.inbox, "x.task"), "w");
    fs.writeSync(fd, "late");
    const other = at.send("other");
    expect(await at.run(echo)).toBe(0);
    expect(at.answer(other)).toBe("got other\n");
    expect(fs.readdirSync(at.post.paths.inbox)).toEqual([
      expect.stringMatching(/^\.open-\d+-x\.task$/),
    ]);
    fs.closeSync(fd);
    expect(await at.run(echo)).toBe(0);
    const [response] = fs
      .readdirSync(at.post.paths.outbox)
      .filter((name) => /^x-.*onse$/.test(name));
    expect(fs.readFileSync(join(at.post.paths.outbox, response ?? ""), "utf8")).toBe("got late\n");
  });

  it("goes on when an entry cannot be moved away, and says so", async () => {
    const rename: typeof nodeDisk.rename = (from, to) => {
      if (to.includes(".corrupt-")) throw Object.assign(new Error("immutable"), { code: "EPERM" });
      nodeDisk.rename(from, to);
    };
    const at = bed({ disk: { ...nodeDisk, rename } });
    fs.mkdirSync(join(at.post.paths.inbox, "bad.task"));
    const id = at.send("good");
    expect(await at.run(echo)).toBe(75);
    expect(at.answer(id)).toBe("got good\n");
    expect(at.lines.some(({ level }) => level === "error")).toBe(true);
  });
});

describe("answers to agents", () => {
  it("go back once, with reply_to; an answer is not answered", async () => {
    const senderOf = (uid: number) => ({ uid, name: "asker", agent: "asker" });
    const at = bed({ senderOf });
    makeDirectories(at.root, "asker");
    const inbox = join(at.root, "agents", "asker", "inbox");
    const id = at.send("question", { thread: "t", hops: 2 });
    await at.run(echo);
    const [name, ...more] = fs.readdirSync(inbox);
    expect(more).toEqual([]);
    const text = fs.readFileSync(join(inbox, name ?? ""), "utf8");
    expect(text).toContain(`reply_to: "${id}"`);
    expect(text).toContain('hops: "3"');
    expect(text).toContain("got question");
    at.send("an answer", { replyTo: id });
    await at.run(echo);
    expect(fs.readdirSync(inbox)).toHaveLength(1);
  });

  it("that cannot be delivered do not fail the task", async () => {
    const at = bed({ senderOf: (uid) => ({ uid, name: "gone", agent: "gone" }) });
    const id = at.send("question");
    expect(await at.run(echo)).toBe(0);
    expect(at.record(id)).toMatchObject({ status: "done" });
    expect(at.lines.some(({ message }) => /could not be delivered/.test(message))).toBe(true);
  });
});
