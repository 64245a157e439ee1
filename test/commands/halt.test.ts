import { expect, test } from "vitest";
import * as halt from "../../src/commands/halt.ts";
import * as resume from "../../src/commands/resume.ts";
import * as steward from "../../src/commands/steward.ts";
import { exit } from "../../src/system/errors.ts";
import { failure, makeIo, makeSystem } from "./support.ts";

test.each([
  [[], "missing required argument"],
  [["worker"], "it takes workers or agents"],
  [["workers", "agents"], "too many arguments"],
  [["workers", "--why", "a\nb"], "it is not one line"],
  [["workers", "--why", "x".repeat(501)], "it is not one line"],
])("con halt %j is 64", async (argv, why) => {
  const io = { ...makeIo("").io, env: {} };
  const error = await failure(() => halt.run(argv, io));
  expect([error.code, error.why]).toEqual([exit.usage, expect.stringContaining(why)]);
});

test("con halt worker means workers", async () => {
  const error = await failure(() => halt.run(["worker"], makeIo("").io));
  expect(error.remedy).toContain("did you mean con halt workers?");
});

test("in con dev there is nothing to halt or resume, and that is said", async () => {
  const { root } = makeSystem();
  for (const act of [
    () => halt.run(["agents"], makeIo(root).io),
    () => resume.run([], makeIo(root).io),
  ])
    expect(await failure(act)).toMatchObject({
      code: exit.unavailable,
      why: "con dev has no steward and no units",
    });
});

test("help names exit codes, keys and the way back", async () => {
  const { io, out } = makeIo("");
  expect(await halt.run(["--help"], io)).toBe(exit.ok);
  expect(await resume.run(["--help"], io)).toBe(exit.ok);
  for (const text of ["Example:\n  con halt workers", "con resume", "75 no answer", "undo"])
    expect(out()).toContain(text);
});

test("con steward is for root", async () => {
  const error = await failure(() => steward.run([], makeIo("", { uid: 1000 }).io));
  expect(error.code).toBe(exit.permission);
});
