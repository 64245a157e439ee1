import { describe, expect, it } from "vitest";
import { type Candidate, scan } from "../../src/spool/scan.ts";
import { desk, idOf, me } from "./support/desk.ts";
import { drop, one, order } from "./support/peek.ts";

describe("what a file asks for", () => {
  const rank = (text: string, trusted = false): [number, boolean] => {
    const at = desk({}, trusted ? { trustedUids: [1000] } : {});
    at.memory.uid = 1000;
    drop(at, "a.task", text);
    const { rank: place, control } = one(at);
    return [place, control];
  };
  const front = (...lines: readonly string[]): string => `---\n${lines.join("\n")}\n---\nx`;

  it.each([
    ["nothing", "x", 2],
    ["a priority in the text", "priority: low", 2],
    ["low", front("priority: low"), 3],
    ["low among others", front("thread: t", "priority:\t'low'"), 3],
    ["low in quotes", front('priority: "low"'), 3],
    ["low without a space", front("priority:low"), 3],
    ["low after a byte order mark", `\ufeff${front("priority: low")}`, 3],
    ["low with Windows lines", "---\r\npriority: low\r\n---\r\nx", 3],
    ["low in an opening with spaces", "--- \t\npriority: low\n---\nx", 3],
    ["low in what is cut off", "---\npriority: low\n", 3],
    ["lower", front("priority: lower"), 2],
    ["low inside another line", front("x: priority: low"), 2],
    ["low below the front matter", "---\nx: y\n---\npriority: low", 2],
    ["low below one that ends with a space", "---\nx: y\n--- \npriority: low", 2],
    ["low below one that ends with Windows lines", "---\nx: y\n---\r\npriority: low", 2],
    ["low after a line of four dashes", "----\npriority: low\n---\n", 2],
    ["low after a text", `x\n${front("priority: low")}`, 2],
    ["low after a text in the opening line", "x---\npriority: low\n---\nx", 2],
    ["high", front("priority: high"), 2],
    ["normal", front("priority: normal"), 2],
  ])("%s has its place", (_, text, expected) => {
    expect(rank(text)).toEqual([expected, false]);
  });

  it("comes first only where its owner is trusted", () => {
    expect(rank(front("priority: high"), true)).toEqual([1, false]);
    expect(rank(front("priority: normal"), true)).toEqual([2, false]);
    expect(rank(front("priority: low"), true)).toEqual([3, false]);
  });

  it.each([
    [front(`cancel: ${idOf(1)}`), true],
    [front("thread: t", `retry: ${idOf(1)}`, "priority: low"), true],
    [front("x: cancel: y"), false],
    [`---\nx: y\n---\ncancel: ${idOf(1)}`, false],
    [`cancel: ${idOf(1)}`, false],
  ])("comes before all others when it is a control file: %j", (text, control) => {
    expect(rank(text)).toEqual([control ? 0 : 2, control]);
  });

  it("is looked for in the first kibibyte alone", () => {
    const padded = (length: number) => front(`x: ${"y".repeat(length)}`, "priority: low");
    expect(rank(padded(900))).toEqual([3, false]);
    expect(rank(padded(1020))).toEqual([2, false]);
  });
});

describe("the order", () => {
  it("is by rank, then one of each owner in turns, by arrival", () => {
    const at = desk();
    const own = (uid: number, ...names: readonly string[]): void => {
      at.memory.uid = uid;
      for (const name of names) drop(at, `${name}.task`, name.startsWith("low") ? low : "x");
    };
    const low = "---\npriority: low\n---\nx";
    own(1000, "low-1", "a-1", "a-2", "a-3");
    own(1001, "b-1", "b-2", "low-2");
    own(1000, "low-3");
    own(1002, "c-1");
    expect(order(at)).toEqual([
      ...["a-1", "b-1", "c-1", "a-2", "b-2", "a-3"],
      ...["low-1", "low-2", "low-3"],
    ]);
  });

  it("is kept from the last look, which is forgotten with its file", () => {
    const at = desk();
    const known = new Map<string, Candidate>();
    drop(at, "a.task");
    drop(at, "b.task");
    expect(order(at, known)).toEqual(["a", "b"]);
    const opened: string[] = [];
    const open = (path: string): number => {
      opened.push(path);
      return at.disk.open(path, 0);
    };
    const world = { ...at.world, disk: { ...at.disk, open } };
    drop(at, "c.task");
    at.disk.unlink(`${me.inbox}/a.task`);
    expect(scan(world, at.post, known).map(({ base }) => base)).toEqual(["b", "c"]);
    expect(opened).toEqual([`${me.inbox}/c.task`]);
    expect([...known.keys()]).toEqual([`${me.inbox}/b.task`, `${me.inbox}/c.task`]);
  });
});
