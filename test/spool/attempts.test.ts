import { describe, expect, it } from "vitest";
import {
  afterCrash,
  begun,
  firstAttempt,
  forgetAttempts,
  readAttempts,
  writeAttempts,
} from "../../src/spool/attempts.ts";
import { desk, failing, idOf, me, write } from "./support/desk.ts";

const id = idOf(1);
const path = `${me.state}/attempts/${id}`;
const second = { attempts: 2, strikes: 1, progress: 5, released: true };

describe("the count of attempts", () => {
  it("is one without a strike where nothing was written", () => {
    expect(readAttempts(desk().disk, me, id)).toEqual({
      ...{ attempts: 1, strikes: 0, progress: 0, released: false },
    });
  });

  it("is one line that only the agent reads, and survives a power cut", () => {
    const at = desk();
    writeAttempts(at.disk, me, id, second);
    at.memory.reboot(true);
    expect(at.memory.text(path)).toBe("2 1 5 released\n");
    expect(at.memory.mode(path)).toBe(0o600);
    expect(readAttempts(at.disk, me, id)).toEqual(second);
    writeAttempts(at.disk, me, id, { ...second, released: false });
    expect(at.memory.text(path)).toBe("2 1 5 begun\n");
    expect(readAttempts(at.disk, me, id)).toEqual({ ...second, released: false });
  });

  it.each([
    ["", firstAttempt],
    ["0 -1 -5 released", { ...firstAttempt, released: true }],
    ["1.5 2.5 1e99 later", firstAttempt],
    ["x y z", firstAttempt],
    ["3", { ...firstAttempt, attempts: 3 }],
    ["7 0 0 begun\n", { ...firstAttempt, attempts: 7 }],
    ["4 2 9  released", { ...firstAttempt, attempts: 4, strikes: 2, progress: 9 }],
  ])("of a damaged line %j is never below its least", (line, expected) => {
    const at = desk();
    write(at, path, line);
    expect(readAttempts(at.disk, me, id)).toEqual(expected);
  });

  it("is the first one where the file is larger than any that was written", () => {
    const at = desk();
    write(at, path, `9 9 9 released${" ".repeat(4096)}`);
    expect(readAttempts(at.disk, me, id)).toEqual(firstAttempt);
  });

  it("is forgotten, also when there is none, and any other failure is told", () => {
    const at = desk();
    writeAttempts(at.disk, me, id, second);
    forgetAttempts(at.disk, me, id);
    forgetAttempts(at.disk, me, id);
    expect(at.memory.text(path)).toBeNull();
    expect(() => forgetAttempts(failing(at.disk, "unlink", "EIO"), me, id)).toThrow("EIO");
  });
});

describe("an attempt that nobody ended", () => {
  const last = { attempts: 3, strikes: 1, progress: 5, released: false };

  it.each([
    ["is a strike", last, 5, 2],
    ["is a strike also when the journal shrank", last, 4, 2],
    ["is none when it got somewhere", last, 6, 1],
    ["is none when it had been released", { ...last, released: true }, 5, 1],
  ])("%s", (_, before, progress, strikes) => {
    expect(afterCrash(before, progress)).toEqual({
      ...{ attempts: 3, strikes, progress, released: true },
    });
  });

  it("is followed by one more, which may be charged again", () => {
    expect(begun({ ...last, released: true }, 8)).toEqual({
      ...{ attempts: 4, strikes: 1, progress: 8, released: false },
    });
  });
});
