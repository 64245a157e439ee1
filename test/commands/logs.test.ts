import { expect, test } from "vitest";
import { journalArguments, run } from "../../src/commands/logs.ts";
import { exit } from "../../src/system/errors.ts";
import { failure, makeIo, makeSystem } from "./support.ts";

test("journalctl gets an argument list, nothing else", () => {
  expect(journalArguments("concierge", 20, false)).toEqual([
    ..."journalctl --unit con@concierge.service --lines 20 --no-pager".split(" "),
  ]);
  expect(journalArguments(null, 5, true)).toEqual([
    ..."journalctl --unit con@* --unit con-* --lines 5 --follow".split(" "),
  ]);
});

test("a development directory has no journal, and an unknown agent no log", async () => {
  const { root } = makeSystem();
  const attach = () => Promise.reject(new Error("must not be called"));
  expect((await failure(() => run([], makeIo(root).io, attach))).code).toBe(exit.unavailable);
  const named = await failure(() => run(["$(id)"], makeIo(root).io, attach));
  expect(named.code).toBe(exit.badInput);
});
