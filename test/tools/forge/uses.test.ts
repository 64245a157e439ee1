/** Counts of uses: of one version, failures in a row, and nothing where nothing can be read. */
import { expect, it } from "vitest";
import { createUseCounts } from "../../../src/tools/forge/uses.ts";
import { MemoryDisk } from "../../spool/support/memory-disk.ts";

const root = "/agent/tools";

it("counts calls, failures and failures in a row of one version", () => {
  const memory = new MemoryDisk(["/agent", root]);
  const uses = createUseCounts(memory.disk(), root);
  expect(uses.of("fib", 1)).toEqual({ version: 1, calls: 0, failures: 0, streak: 0, why: null });
  for (const why of ["one", null, "two", `three ${"x".repeat(500)}`]) uses.count("fib", 1, why);
  expect(uses.of("fib", 1)).toMatchObject({ calls: 4, failures: 3, streak: 2 });
  expect(uses.of("fib", 1).why).toHaveLength(200);
  uses.count("fib", 1, null);
  expect(uses.of("fib", 1)).toMatchObject({ calls: 5, failures: 3, streak: 0 });
  expect(uses.of("fib", 2).calls).toBe(0);
  uses.count("fib", 2, null);
  expect(uses.of("fib", 2).calls).toBe(1);
});

it("begins anew where its file is broken, and says when nothing can be counted", () => {
  const memory = new MemoryDisk(["/agent", root]);
  const uses = createUseCounts(memory.disk(), root);
  expect(uses.count("fib", 1, null)).toBe(true);
  const inode = memory.folders.get(`${root}/uses`)?.entries.get("fib.json");
  if (inode === undefined) throw new Error("there is no file");
  for (const text of ["{", "[]", '{"version":1,"calls":"many"}']) {
    inode.data = Buffer.from(text);
    expect(uses.of("fib", 1).calls).toBe(0);
  }
  memory.fullFrom = memory.calls;
  expect(uses.count("fib", 1, null)).toBe(false);
});
