import { expect, test } from "vitest";
import { driftCheck } from "../../../src/contract/builtins/drift.ts";
import type { ProbeWorld } from "../../../src/contract/types.ts";
import type { Drift } from "../../../src/host/converge.ts";
import { ConError, exit } from "../../../src/system/errors.ts";

const world = {} as ProbeWorld;
const one = (kind: Drift["kind"], name: string, agent: string | null = null): Drift => ({
  kind,
  name,
  why: "content",
  agent,
});

test("each contract sees its own kinds, and the machine is looked at once", async () => {
  let looked = 0;
  const check = driftCheck(async () => {
    looked += 1;
    return [one("instructions", "/x/AGENTS.md", "desk"), one("rules", "table inet con")];
  });
  const instructions = await check({ facts: ["instructions"] }, world);
  expect(instructions).toMatchObject({ state: "fail", agents: ["desk"] });
  expect(instructions).toMatchObject({ remedy: expect.stringContaining("reapply instructions") });
  expect(await check({ facts: ["users"] }, world)).toMatchObject({ state: "pass" });
  expect(await check({}, world)).toMatchObject({ state: "fail" });
  expect(looked).toBe(1);
});

test("without a snapshot nothing is passed", async () => {
  const check = driftCheck(async () => {
    throw new ConError(exit.unavailable, "snapshot", "it is not there", "run con bootstrap");
  });
  expect(await check({}, world)).toMatchObject({ state: "error" });
});

test("names of files cannot write to a terminal, and many are counted", async () => {
  const many = Array.from({ length: 11 }, (_, index) => one("units", `/x\u001b[2J${index}`));
  const verdict = await driftCheck(async () => many)({ facts: ["units"] }, world);
  if (verdict.state !== "fail") throw new Error("it passed");
  expect(verdict.found).not.toContain("\u001b");
  expect(verdict.found).toContain("and 3 more");
});
