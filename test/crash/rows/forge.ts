/** A forged tool gets a new version: the old one or the new one, whole, and each number once. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { createRegistry } from "../../../src/tools/forge/registry.ts";
import { made, root } from "../../tools/forge/support.ts";
import { CutDisk } from "../support/cut-disk.ts";
import type { Story } from "../support/matrix.ts";

type Act = "register" | "roll back" | "remove";

export const forge =
  (act: Act): Story =>
  () => {
    const disk = new CutDisk(["/agent", root]);
    const registry = () => createRegistry(disk.disk(), root);
    registry().register(made("fib", "one"));
    registry().register(made("fib", "two"));
    const now = (): string => {
      const loaded = registry().load("fib");
      return loaded.ok ? loaded.code : loaded.why;
    };
    const before = now();
    const acts: Readonly<Record<Act, () => unknown>> = {
      register: () => registry().register(made("fib", "three")),
      "roll back": () => registry().rollBack("fib", 1),
      remove: () => registry().remove("fib"),
    };
    const after = { register: "three", "roll back": "one", remove: "forged.fib was removed" }[act];
    return {
      arm: (way, at) => disk.arm(way, at),
      restart: () => disk.restart(),
      act: acts[act],
      // Whoever wanted it wants it again.
      recover: () => {
        ok([before, after].includes(now()), `it is ${now()}`);
        if (now() !== after) acts[act]();
      },
      check: () => deepStrictEqual(now(), after),
      count: () => ({ changes: disk.calls, ops: disk.ops }),
    };
  };
