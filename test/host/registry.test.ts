import { expect, test } from "vitest";
import { parsePeople, trustedUids } from "../../src/host/ids.ts";
import { assignUids, formatRegistry, parseRegistry } from "../../src/host/registry.ts";

const nobody = parsePeople("", "");

test("the first agent gets 20000, the next ones follow", () => {
  expect(assignUids({}, ["b", "a"], nobody)).toEqual({ b: 20_000, a: 20_001 });
});

test("a retired agent keeps its uid, and no other ever gets it", () => {
  const registry = assignUids({}, ["old", "new"], nobody);
  expect(assignUids(registry, ["third"], nobody)).toEqual({
    old: 20_000,
    new: 20_001,
    third: 20_002,
  });
  expect(assignUids(registry, ["old"], nobody)).toEqual(registry);
});

test("uids and gids of others are passed over", () => {
  const people = parsePeople("x:x:20000:20000::/:/bin/sh\n", "y:x:20001:\n");
  expect(assignUids({}, ["a"], people)).toEqual({ a: 20_002 });
});

test("a user that exists already keeps its uid, unless it belongs to somebody else", () => {
  const people = parsePeople("a-a:x:20007:20007::/:/bin/sh\n", "");
  expect(assignUids({}, ["a"], people)).toEqual({ a: 20_007 });
  expect(assignUids({ other: 20_007 }, ["a"], people)).toEqual({ other: 20_007, a: 20_008 });
});

test("what is written is read back; nothing is no registry; damage is an error", () => {
  const registry = { a: 20_001, b: 20_000 };
  expect(parseRegistry(formatRegistry(registry))).toEqual(registry);
  expect(parseRegistry(null)).toEqual({});
  for (const text of [
    "",
    "{",
    "{}",
    '{"version":1,"uids":{"a":0}}',
    '{"version":1,"uids":{"a":"20000"}}',
  ])
    expect(() => parseRegistry(text)).toThrow("restore it from a backup");
});

test("trusted are members by name and by primary group", () => {
  const people = parsePeople(
    "root:x:0:0::/:/bin/sh\nann:x:1000:1000::/:/bin/sh\nbob:x:1001:19991::/:/bin/sh\neve:x:1002:1002::/:/x\n",
    "trusted:x:19991:ann,ghost\n",
  );
  expect(trustedUids(people)).toEqual([1000, 1001]);
});
