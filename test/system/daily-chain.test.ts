import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { verifyChain } from "../../src/system/chain.ts";
import { dailyFiles, openDailyChain } from "../../src/system/daily-chain.ts";
import { type Disk, nodeDisk } from "../../src/system/disk.ts";
import { Crash, MemoryDisk } from "../spool/support/memory-disk.ts";

const day = 86_400_000;
const noon = Date.UTC(2027, 0, 31, 12);
const mode = 0o640;

function place(): string {
  const directory = fs.mkdtempSync(join(tmpdir(), "con-daily-"));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** One line at each of `times`, by a chain that is opened anew for each when `reopen`. */
function written(disk: Disk, directory: string, times: readonly number[], reopen: boolean): void {
  let now = 0;
  const open = () => openDailyChain(disk, directory, "agents", { mode, now: () => now });
  let chain = open();
  for (const time of times) {
    now = time;
    if (reopen) chain = open();
    chain.write([{ kind: "tick", time }]);
    chain.sync();
    if (reopen) chain.close();
  }
  chain.close();
}

const verify = (disk: Disk, directory: string) =>
  verifyChain(disk, dailyFiles(disk, directory, "agents"));
const names = (directory: string): string[] => fs.readdirSync(directory).sort();
const linesOf = (path: string): Record<string, unknown>[] =>
  fs
    .readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe.each([false, true])("a chain over days, opened anew each time: %s", (reopen) => {
  test("has a file for each day, and its numbers and hashes go on", () => {
    const at = place();
    written(nodeDisk, at, [noon, noon + 1, noon + day, noon + 3 * day], reopen);
    expect(names(at)).toEqual([
      "agents-2027-01-31.jsonl",
      "agents-2027-02-01.jsonl",
      "agents-2027-02-03.jsonl",
    ]);
    expect(verify(nodeDisk, at)).toMatchObject({ ok: true, torn: false });
    const last = linesOf(join(at, "agents-2027-01-31.jsonl")).at(-1);
    const [first] = linesOf(join(at, "agents-2027-02-01.jsonl"));
    expect(last).toMatchObject({ kind: "day-ends", next: "agents-2027-02-01.jsonl" });
    expect(first).toMatchObject({
      kind: "day-begins",
      prev: last?.["hash"],
      follows: { file: "agents-2027-01-31.jsonl", seq: last?.["seq"], hash: last?.["hash"] },
    });
  });

  test("never goes back to an earlier day", () => {
    const at = place();
    written(nodeDisk, at, [noon, noon - day, noon - 30 * day], reopen);
    expect(names(at)).toEqual(["agents-2027-01-31.jsonl"]);
    expect(verify(nodeDisk, at)).toMatchObject({ ok: true, head: { seq: 4 } });
  });
});

test("goes on in a new file where one grew too large within a day", () => {
  const at = place();
  const options = { mode, now: () => noon, rotateBytes: 300 };
  const chain = openDailyChain(nodeDisk, at, "agents", options);
  for (let n = 0; n < 5; n += 1) chain.write([{ kind: "tick", n }]);
  chain.close();
  expect(names(at).length).toBeGreaterThan(1);
  expect(verify(nodeDisk, at)).toMatchObject({ ok: true, head: { seq: 6 } });
});

describe("what somebody did to it is found", () => {
  const days = [noon, noon + day, noon + 2 * day];
  const change: [string, (at: string, files: string[]) => void, RegExp][] = [
    ["an edit in an old file", (_, [a = ""]) => edit(a, "1", "2"), /edited/],
    ["a day that was removed", (_, [, b = ""]) => fs.unlinkSync(b), /missing|before it/],
    ["the first day removed", (_, [a = ""]) => fs.unlinkSync(a), /1 to 3 are missing/],
    ["an old day's end cut off", (_, [a = ""]) => cutLine(a), /missing/],
    ["something added to an old day", (_, [a = ""]) => fs.appendFileSync(a, "{}"), /never was/],
    ["days swapped", (_, [a = "", b = ""]) => swap(a, b), /missing/],
  ];
  test.each(change)("%s", (_, act, why) => {
    const at = place();
    written(nodeDisk, at, days, false);
    act(at, dailyFiles(nodeDisk, at, "agents"));
    expect(verify(nodeDisk, at)).toMatchObject({ ok: false, why: expect.stringMatching(why) });
  });
});

const edit = (path: string, from: string, to: string): void =>
  fs.writeFileSync(path, fs.readFileSync(path, "utf8").replace(`"time":${from}`, `"time":${to}`));
const cutLine = (path: string): void =>
  fs.writeFileSync(path, fs.readFileSync(path, "utf8").replace(/[^\n]*\n$/, ""));
function swap(a: string, b: string): void {
  fs.renameSync(a, `${a}.tmp`);
  fs.renameSync(b, a);
  fs.renameSync(`${a}.tmp`, b);
}

test("a line with many brackets in a string is a line like any other", () => {
  const at = place();
  const chain = openDailyChain(nodeDisk, at, "agents", { mode, now: () => noon });
  chain.write([{ kind: "tick", text: `"${"[{".repeat(200)}\\` }]);
  chain.close();
  expect(verify(nodeDisk, at)).toMatchObject({ ok: true, head: { seq: 2 } });
});

test("nested brackets outside of strings are none", () => {
  const at = place();
  fs.writeFileSync(join(at, "agents-2027-01-31.jsonl"), `${"[".repeat(100_000)}\n`);
  expect(verify(nodeDisk, at)).toMatchObject({ ok: false, line: 1 });
});

describe.each([false, true])("a crash at any call to the disk, power cut: %s", (powerCut) => {
  const times = [noon, noon + 1, noon + day, noon + day + 1, noon + 2 * day];
  const calls = (() => {
    const memory = new MemoryDisk(["/", "/a"]);
    written(memory.disk(), "/a", times, false);
    return memory.calls;
  })();

  test.each(Array.from({ length: calls }, (_, at) => at + 1))("call %i", (crashAt) => {
    const memory = new MemoryDisk(["/", "/a"]);
    memory.crashAt = crashAt;
    expect(() => written(memory.disk(), "/a", times, false)).toThrow(Crash);
    memory.reboot(powerCut);
    // Whenever it comes back, it goes on, and nobody was cheated.
    written(memory.disk(), "/a", [noon + day + 5, noon + 3 * day], true);
    expect(verify(memory.disk(), "/a")).toMatchObject({ ok: true, torn: false });
    expect(memory.text("/a/agents-2027-02-03.jsonl")).toContain('"kind":"tick"');
  });
});
