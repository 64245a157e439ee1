/** What lies on the machine and is in no plan: what goes by itself, and what waits for `--prune`. */
import { expect, test } from "vitest";
import { compiledPaths } from "../../src/config/compiled.ts";
import { findStrays } from "../../src/host/diff.ts";
import type { Seen } from "../../src/host/observe.ts";

const { agents } = compiledPaths();
const seen = (compiled: readonly string[]): Seen => ({
  ...{ paths: new Map(), units: new Map(), rules: "as-wanted", dropIns: new Map() },
  compiled: compiled.map((name) => `${agents}/${name}`),
});
const known = { configured: new Set(["ann"]), keep: new Set<string>(), orphans: new Set<string>() };
const straysOf = (...compiled: string[]) =>
  findStrays([], seen(compiled), known, []).map(({ name, agent, pruneOnly }) => ({
    ...{ name: name.slice(agents.length + 1), agent, pruneOnly },
  }));

test("half a file of a bootstrap that was killed is nobody's, and goes with the next one", () => {
  const half = ".gone.json.tmp-0123456789abcdef";
  expect(straysOf(half)).toEqual([{ name: half, agent: null, pruneOnly: false }]);
});

test("what is left of an agent without a manifest waits for --prune; of one that has one it goes", () => {
  expect(straysOf("gone.json", "ann/old")).toEqual([
    { name: "gone.json", agent: "gone", pruneOnly: true },
    { name: "ann/old", agent: "ann", pruneOnly: false },
  ]);
});
