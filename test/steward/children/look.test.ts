/** What a hostile child may leave in its folders, read as root would. */
import { execFileSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { agentPaths } from "../../../src/spool/layout.ts";
import { lookAtChild } from "../../../src/steward/children/look.ts";
import { maxWords } from "../../../src/steward/children/words.ts";

const task = "01890a5d-ac96-874b-bcce-b302099a8057";
const child = {
  name: "spawn-abcdefgh",
  uid: process.getuid?.() ?? 0,
  attempt: 1,
  task,
  started: true,
};
let root = "";
let paths = agentPaths("", child.name);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "con-look-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  paths = agentPaths(root, child.name);
  const { active, held, deferred } = paths.queue;
  for (const path of [paths.inbox, paths.outbox, active, held, deferred, paths.state])
    mkdirSync(path, { recursive: true });
});

const record = (rest: object = {}) =>
  JSON.stringify({
    status: "done",
    error: null,
    cost_usd: 0.5,
    tokens: { input: 3, output: 4 },
    ...rest,
  });
const put = (name: string, text: string | Buffer) => writeFileSync(join(paths.outbox, name), text);
const answer = (text: string | Buffer, rest: object = {}) => {
  put(`${task}.json`, record(rest));
  put(`${task}.response`, text);
};
const look = (rest: object = {}) => lookAtChild(root, { ...child, ...rest });
const unreadable = { kind: "ended", status: "failed", text: "" };

test("an answer with what it cost, and how often counted tools were used", () => {
  answer("the answer\n");
  writeFileSync(paths.uses, JSON.stringify({ counters: { "tool:shell": { total: 3 }, x: 1 } }));
  expect(look()).toEqual({
    kind: "ended",
    status: "done",
    text: "the answer",
    error: "the answer",
    spent: { usd: 0.5, tokens: 7, uses: { shell: 3 } },
  });
});

test("a failure with its reason; numbers that are none count as nothing", () => {
  answer("it failed", { status: "failed", error: "no luck", cost_usd: -1, tokens: "many" });
  expect(look()).toMatchObject({
    status: "failed",
    error: "no luck",
    spent: { usd: 0, tokens: 0 },
  });
});

test.each(["inbox", "active", "deferred", "held"] as const)("work in %s is work", (place) => {
  expect(look()).toEqual({ kind: "lost" });
  const folder = place === "inbox" ? paths.inbox : paths.queue[place];
  writeFileSync(join(folder, `${task}.task`), "x");
  expect(look()).toEqual({ kind: "working" });
});

test("folders that are gone are no work", () => {
  rmSync(paths.base, { recursive: true });
  expect(look()).toEqual({ kind: "lost" });
});

test.each([
  ["a link to a file of others", (at: string): void => symlinkSync("/etc/passwd", at)],
  [
    "a link to a file of its own",
    (at: string) => {
      writeFileSync(join(root, "own"), record());
      symlinkSync(join(root, "own"), at);
    },
  ],
  ["a FIFO", (at: string): void => void execFileSync("mkfifo", [at])],
  ["a directory", (at: string): void => void mkdirSync(at)],
  [
    "a second name of a file elsewhere",
    (at: string) => {
      writeFileSync(join(root, "own"), record());
      linkSync(join(root, "own"), at);
    },
  ],
  ["no JSON", (at: string): void => writeFileSync(at, "{")],
  ["JSON that is no record", (at: string): void => writeFileSync(at, "[]")],
  ["a status that is none", (at: string): void => writeFileSync(at, record({ status: "timeout" }))],
  [
    "half a record because it is huge",
    (at: string) => {
      writeFileSync(at, record());
      truncateSync(at, 1 << 30);
    },
  ],
] as const)("%s as record is a failure, and nothing of it is told", (_, plant) => {
  answer("root:x:0:0");
  rmSync(join(paths.outbox, `${task}.json`));
  plant(join(paths.outbox, `${task}.json`));
  expect(look()).toMatchObject(unreadable);
});

test.each([
  ["a link", (at: string): void => symlinkSync("/etc/passwd", at)],
  ["a FIFO", (at: string): void => void execFileSync("mkfifo", [at])],
  ["nothing", (): void => undefined],
] as const)("%s as answer is a failure", (_, plant) => {
  put(`${task}.json`, record());
  plant(join(paths.outbox, `${task}.response`));
  expect(look()).toMatchObject(unreadable);
});

test("files of somebody else are no answer", () => {
  answer("x");
  expect(look({ uid: child.uid + 1 })).toMatchObject(unreadable);
});

test("a folder that is a link is not followed", () => {
  answer("x");
  const away = join(root, "away");
  execFileSync("mv", [paths.outbox, away]);
  symlinkSync(away, paths.outbox);
  expect(look()).toMatchObject(unreadable);
  rmSync(paths.queue.active, { recursive: true });
  symlinkSync("/", paths.queue.active);
  expect(look()).toMatchObject(unreadable);
});

test("of a huge answer only the beginning is read, and it is said", () => {
  answer("ä".repeat(maxWords));
  const seen = look();
  const text = seen.kind === "ended" ? seen.text : "";
  expect(text).toMatch(/ä\n\[cut here: the first 32768 of 65536 bytes\]$/);
  truncateSync(join(paths.outbox, `${task}.response`), 2 ** 40);
  expect(look()).toMatchObject({ status: "done" });
});

test.each([0xff, 0, 0x1b, 0x22])("bytes %d do not make it longer than it may be", (byte) => {
  answer(Buffer.alloc(maxWords, byte));
  const seen = look();
  const text = seen.kind === "ended" ? seen.text : "";
  expect(Buffer.byteLength(text)).toBeLessThan(maxWords + 100);
  expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThan(2 * maxWords + 200);
});
