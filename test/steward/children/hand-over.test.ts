import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { handOver } from "../../../src/steward/children/hand-over.ts";

const task = "01890a5d-ac96-874b-bcce-b302099a8057";
const giver = process.getuid?.() ?? 0;
let root = "";
let inbox = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "con-hand-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  inbox = join(root, "inbox");
  mkdirSync(inbox);
});

const give = (text = "the task") => handOver({ inbox, task, giver, bytes: Buffer.from(text) });
const path = () => join(inbox, `${task}.task`);

test("whole, readable by the group, and nothing beside it; done again it stays as it is", () => {
  give();
  give("another");
  expect(readdirSync(inbox)).toEqual([`${task}.task`]);
  expect(readFileSync(path(), "utf8")).toBe("the task");
  expect([statSync(path()).mode & 0o777, statSync(path()).uid]).toEqual([0o640, giver]);
});

test("an inbox that is a link, or is gone, gets nothing", () => {
  rmSync(inbox, { recursive: true });
  expect(() => give()).toThrow();
  mkdirSync(join(root, "elsewhere"));
  symlinkSync(join(root, "elsewhere"), inbox);
  expect(() => give()).toThrow();
  expect(readdirSync(join(root, "elsewhere"))).toEqual([]);
});

test("what has that name is neither followed nor changed", () => {
  const target = join(root, "target");
  writeFileSync(target, "mine");
  symlinkSync(target, path());
  give();
  rmSync(path());
  linkSync(target, path());
  give();
  expect(readFileSync(target, "utf8")).toBe("mine");
});
