/** Up to when an agent may have forgotten what it did, and what is refused for it. */
import { describe, expect, it } from "vitest";
import { forgetBefore, forgottenBefore, whyTooOld } from "../../src/spool/forgotten.ts";
import { newId } from "../../src/task/id.ts";
import { desk, me, minute, noon, at as stamp, write } from "./support/desk.ts";

const path = `${me.state}/forgotten.json`;
const day = 86_400_000;

describe("what may be forgotten", () => {
  it("is one moment in a file for the agent alone, on disk before anything is removed", () => {
    const at = desk();
    forgetBefore(at.disk, me, noon);
    at.memory.reboot(true);
    expect(at.memory.text(path)).toBe(`{"version":1,"before":"${stamp(noon)}"}\n`);
    expect(at.memory.mode(path)).toBe(0o600);
    expect(forgottenBefore(at.disk, me)).toBe(noon);
  });

  it("only ever grows, and is written when it does", () => {
    const at = desk();
    forgetBefore(at.disk, me, -5);
    expect(forgottenBefore(at.disk, me)).toBe(-5);
    forgetBefore(at.disk, me, noon);
    const before = at.memory.calls;
    for (const moment of [noon, noon - 1]) forgetBefore(at.disk, me, moment);
    expect([at.memory.calls - before, forgottenBefore(at.disk, me)]).toEqual([0, noon]);
    forgetBefore(at.disk, me, noon + 1);
    expect(forgottenBefore(at.disk, me)).toBe(noon + 1);
  });

  it.each([
    '{"version":1}',
    '{"version":1,"before":7}',
    '{"version":1,"before":"soon"}',
    '{"before":"2020-01-01T00:00:00Z"}',
    `{"version":1,"before":"2020-01-01T00:00:00Z"}${" ".repeat(4096)}`,
  ])("is all up to the writing of a damaged file: %j", (text) => {
    const at = desk();
    write(at, path, text);
    at.disk.setTime(path, noon + minute);
    expect(forgottenBefore(at.disk, me)).toBe(noon + minute);
  });

  it("is all up to the making of what is no file, which is not opened", () => {
    const at = desk();
    write(at, path, '{"version":1,"before":"2020-01-01T00:00:00Z"}');
    at.disk.setTime(path, noon);
    const find = (name: string) => {
      const stat = at.disk.find(name);
      return stat === null ? null : { ...stat, isFile: () => false };
    };
    expect(forgottenBefore({ ...at.disk, find }, me)).toBe(noon);
  });
});

describe("a task", () => {
  const from = (id: number, file: number) => ({
    id: newId(id, (count) => new Uint8Array(count)),
    mtimeNs: BigInt(file) * 1_000_000n,
  });

  it("is too old by its id or by its file, and is told both days", () => {
    const at = desk();
    for (const file of [0, -day]) expect(whyTooOld(at.disk, me, from(0, file))).toBeNull();
    forgetBefore(at.disk, me, noon);
    const why =
      "it is from 2026-03-03, and what this agent did before 2026-03-04 may be forgotten: it could have run already. Send it again";
    expect(whyTooOld(at.disk, me, from(noon - day, noon))).toBe(why);
    expect(whyTooOld(at.disk, me, from(noon, noon - day))).toBe(why);
    expect(whyTooOld(at.disk, me, from(noon - 1, noon))).toMatch(/^it is from 2026-03-04, /);
    expect(whyTooOld(at.disk, me, from(noon, noon))).toBeNull();
  });
});
