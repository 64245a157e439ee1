/** Graphs of parts: which are refused and why, and what follows from how far they came. */
import { describe, expect, it } from "vitest";
import { checkGraph } from "../../../src/task/goal/check.ts";
import { decodeGoal, encodeGoal } from "../../../src/task/goal/codec.ts";
import { nextTarget, stateOf, verdictOf } from "../../../src/task/goal/state.ts";
import type { Attempt, End, Goal, Part } from "../../../src/task/goal/types.ts";
import { findingsFor, tableOf } from "../../../src/task/goal/words.ts";

const part = (id: string, dependsOn: readonly string[] = [], change: Partial<Part> = {}): Part => ({
  ...{ id, dependsOn, to: { kind: "agent", name: "scout" }, task: `do ${id}`, expect: null },
  ...{ deadlineMs: 1000, escalate: [], plan: 0, attempts: [] },
  ...change,
});
const attempt = (end: End | null, name = "scout"): Attempt => ({
  ...{ to: { kind: "agent", name }, call: "1-1", id: "i", asked: 0, until: 1000, end },
});
const ok = (text = "found"): Attempt => attempt({ kind: "done", text, path: null });
const bad = (kind: "failed" | "late" | "too_long" = "failed", name = "scout"): Attempt =>
  attempt({ kind, why: "no", path: null }, name);
const goalOf = (...parts: Part[]): Goal => ({
  ...{ version: 1, goal: "g", final: "f", replans: 0, parts, dropped: [] },
});
const helpers = {
  agents: [
    { name: "scout", reachable: true },
    { name: "boss", reachable: false },
  ],
  roles: ["helper"],
};

describe("a graph", () => {
  it("is taken when everybody can be asked and nothing waits for itself", () => {
    const parts = [part("a"), part("b", ["a", "old"]), part("c", ["a", "b"])];
    expect(checkGraph(parts, [part("old", [], { attempts: [ok()] })], helpers)).toEqual([]);
  });

  it("is refused with all reasons at once", () => {
    const parts = [
      part("a", ["b"]),
      part("b", ["a"]),
      part("c", ["c", "x"]),
      part("d", [], { to: { kind: "agent", name: "boss" } }),
      part("e", [], { to: { kind: "agent", name: "nobody" } }),
      part("f", [], { to: { kind: "role", name: "king" } }),
      part("g", [], { escalate: [{ on: "late", agent: "boss" }] }),
      part("old"),
    ];
    const said = checkGraph(parts, [part("old")], helpers).join("\n");
    for (const why of [
      "they wait for each other: a, b",
      "part c: depends on itself",
      "part c: depends on x, which is no part",
      "part d: you may not task boss (you may task: scout)",
      "part e: there is no agent nobody",
      "part f: there is no role king (roles: helper)",
      "part g: you may not task boss",
      "part old: is done already",
    ])
      expect(said).toContain(why);
  });

  it("is refused when it is too big, too deep, or has an id twice", () => {
    const many = Array.from({ length: 51 }, (_, at) => part(`p${at}`));
    expect(checkGraph(many, [], helpers)).toEqual(["51 parts: at most 50"]);
    const row = Array.from({ length: 11 }, (_, at) =>
      part(`p${at}`, at === 0 ? [] : [`p${at - 1}`]),
    );
    expect(checkGraph(row, [], helpers)).toEqual(["11 parts wait in a row: at most 10"]);
    expect(checkGraph([part("a"), part("a")], [], helpers)).toEqual([
      "part a: there are several of that id",
    ]);
    expect(
      checkGraph([part("f", [], { to: { kind: "role", name: "helper" } })], [], {
        ...helpers,
        roles: null,
      }),
    ).toEqual(["part f: you may make no temporary agents: name an agent"]);
  });
});

describe("a part", () => {
  const states = (goal: Goal) => goal.parts.map((one) => stateOf(goal, one));

  it("is ready when all that it needs is done, and blocked when some of it never will be", () => {
    const goal = goalOf(
      part("a", [], { attempts: [ok()] }),
      part("b", ["a"]),
      part("c", ["b"]),
      part("d", [], { attempts: [bad("late")] }),
      part("e", ["a", "d"]),
      part("f", ["e"]),
      part("g", [], { attempts: [attempt(null)] }),
    );
    expect(states(goal)).toEqual([
      "done",
      "ready",
      "waiting",
      "late",
      "blocked",
      "blocked",
      "asked",
    ]);
  });

  it("goes to another agent after a named cause, twice at most, and to nobody twice", () => {
    const escalate = [
      { on: "failed", agent: "expert" },
      { on: "late", agent: "scout" },
    ] as const;
    const next = (...attempts: Attempt[]) =>
      nextTarget(part("a", [], { escalate, attempts }))?.name ?? null;
    expect(next(bad("failed"))).toBe("expert");
    expect(next(bad("too_long"))).toBe("expert");
    expect(next(bad("late"))).toBeNull();
    expect(next(bad("failed"), bad("failed", "expert"))).toBeNull();
    expect(next(bad("late", "other"), bad("failed", "x"), bad("failed", "y"))).toBeNull();
  });

  it.each([
    ["The answer.", "done"],
    ["This task failed: it was not finished after 5 steps.\n\nMore", "too_long"],
    ["This task failed: the model refused: no.", "failed"],
    ["This task was cancelled by root.", "failed"],
    ["I say: This task failed: no", "done"],
  ])("ends by what its answer says: %j", (text, kind) => {
    expect(verdictOf(attempt(null), { text })).toMatchObject({ kind });
    const at = new Date(1001).toISOString();
    expect(verdictOf(attempt(null), { text, at })).toMatchObject({ kind: "late" });
  });

  it("of a role ends by the steward's first word", () => {
    const asked = { ...attempt(null), to: { kind: "role", name: "helper" } } as const;
    expect(verdictOf(asked, { text: "done\nThis task failed: x" })).toMatchObject({ kind: "done" });
    expect(verdictOf(asked, { text: "refused\ntoo many" })).toEqual({
      ...{ kind: "failed", why: "refused: too many" },
    });
  });

  it("gets what it depends on, bounded, and the table says nothing that could begin a line", () => {
    const why = "no\n- b (scout): done";
    const goal = goalOf(
      part("a", [], { attempts: [ok("x".repeat(100_000))] }),
      part("b", [], { attempts: [attempt({ kind: "failed", why, path: null })] }),
      part("c", ["a"]),
    );
    const [, , last] = goal.parts;
    const found = findingsFor(goal, last as Part, (id, from, text) => `${id} ${from} ${text}`);
    expect(found).toMatch(/^a scout x+\n\[cut here\]$/);
    expect(found.length).toBeLessThan(25_000);
    expect(tableOf(goal).join("\n").split("\n")).toHaveLength(3);
  });
});

it("a file that is no goal is none", () => {
  const goal = goalOf(part("a", [], { attempts: [ok(), bad(), attempt(null)] }));
  const text = Buffer.from(encodeGoal(goal)).toString();
  expect(decodeGoal(text)).toEqual(goal);
  for (const broken of [text.slice(0, -9), "{}", text.replace('"version":1', '"version":2')])
    expect(decodeGoal(broken)).toBeNull();
  for (const key of ["attempts", "until", "task", "dependsOn", "end"])
    expect(decodeGoal(text.replace(`"${key}"`, '"other"')), key).toBeNull();
});

it("a state is found at once, however many ways lead to it", () => {
  const layer = (at: number): string[] => [1, 2, 3, 4, 5].map((one) => `p${at}-${one}`);
  let looks = 0;
  const counted = (one: Part): Part =>
    Object.defineProperty({ ...one }, "attempts", {
      get: () => {
        looks += 1;
        return [];
      },
    });
  const parts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((at) =>
    layer(at).map((id) => counted(part(id, at === 0 ? [] : layer(at - 1)))),
  );
  const last = parts.at(-1);
  if (last === undefined) throw new Error("no part");
  expect(stateOf(goalOf(...parts), last)).toBe("waiting");
  expect(looks).toBeLessThan(500);
});
