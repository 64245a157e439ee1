import fc from "fast-check";
import { expect, test } from "vitest";
import { type Move, move } from "../../src/steward/approvals/state.ts";
import type { Approval } from "../../src/steward/approvals/types.ts";
import { refusal } from "../../src/steward/policy.ts";

const asker = 20_000;
const start = Date.parse("2027-01-01T00:00:00Z");
const end = start + 100;

const pending = (needed: number): Approval => ({
  version: 1,
  id: "01890a5d-ac96-874b-bcce-b302099a8057",
  state: "pending",
  by: { uid: asker, name: "a-desk" },
  agent: "desk",
  asked: new Date(start).toISOString(),
  expires: new Date(end).toISOString(),
  needed,
  subject: {
    kind: "tool",
    tool: "shell",
    arguments_sha256: "0".repeat(64),
    arguments_bytes: 2,
    preview: "{}",
    task: "01890a5d-ac96-774b-bcce-b302099a8057",
    call: "1-1",
  },
  approvals: [],
  ended: null,
  settled: false,
});

const by = (uid: number) => ({ uid, name: uid === asker ? "a-desk" : `p${uid}` });
const word = (kind: "approve" | "deny", uid: number, at: number, why = ""): Move => ({
  ...{ kind, by: by(uid), why, at: start + at },
});

test("whatever people do in whatever order: an end stays, and needs whom it needs", () => {
  const moves = fc.record({
    kind: fc.constantFrom("approve" as const, "approve" as const, "deny" as const, "look" as const),
    uid: fc.constantFrom(asker, 0, 1000, 1001),
    wait: fc.nat(30),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(moves, { maxLength: 20 }), (n, list) => {
      let state = pending(n);
      let at = 0;
      const agreed = new Set<number>();
      let ends = 0;
      for (const { kind, uid, wait } of list) {
        at += wait;
        const made = kind === "look" ? ({ kind, at: start + at } as const) : word(kind, uid, at);
        const { approval: after, refusal } = move(state, made);
        if (state.state !== "pending") expect(after).toEqual(state);
        if (state.state === "pending" && after.state !== "pending") ends += 1;
        if (uid === asker && kind !== "look") {
          expect(refusal).not.toBeNull();
          expect(after.approvals).toEqual(state.approvals);
        }
        if (kind === "approve" && refusal === null && at < 100) agreed.add(uid);
        if (at >= 100) expect(after.state).not.toBe("pending");
        if (state.state === "pending" && after.state === "approved") expect(at).toBeLessThan(100);
        state = after;
      }
      const uids = state.approvals.map(({ uid }) => uid);
      expect(new Set(uids).size).toBe(uids.length);
      expect(uids).not.toContain(asker);
      expect(uids.every((uid) => agreed.has(uid))).toBe(true);
      if (state.state === "approved") expect(uids).toHaveLength(n);
      else expect(uids.length).toBeLessThan(n);
      expect(ends).toBeLessThanOrEqual(1);
    }),
    { numRuns: 2000 },
  );
});

test("the last moment counts, the moment of the end does not", () => {
  expect(move(pending(1), word("approve", 0, 99)).approval.state).toBe("approved");
  const late = move(pending(1), word("approve", 0, 100));
  expect(late.approval.state).toBe("expired");
  expect(late.refusal).toBe("it has expired at 2027-01-01T00:00:00.100Z");
});

test("said twice it counts once, and is no fault", () => {
  const once = move(pending(2), word("approve", 0, 1)).approval;
  const twice = move(once, word("approve", 0, 2));
  expect(twice).toEqual({ approval: once, refusal: null });
  const both = move(once, word("approve", 1000, 3)).approval;
  expect(both).toMatchObject({ state: "approved", ended: { by: { uid: 1000 } } });
  expect(move(both, word("approve", 0, 200)).refusal).toBeNull();
  expect(move(both, word("deny", 0, 4)).refusal).toContain("it was approved by p1000");
});

test("one denial ends it, however many are needed", () => {
  const denied = move(pending(3), word("deny", 1000, 1, "not today")).approval;
  expect(denied).toMatchObject({ state: "denied", ended: { why: "not today" } });
  expect(move(denied, word("approve", 0, 2)).refusal).toContain("it was denied by p1000");
  expect(move(denied, word("deny", 1000, 2, "again")).approval).toBe(denied);
});

test("no manifest makes an agent one who decides", () => {
  const agent = { uid: asker, name: "a-desk", kind: "agent" } as const;
  for (const verb of ["approve", "deny"] as const)
    expect(refusal(agent, verb, ["approve", "deny"])).not.toBeNull();
  expect(refusal(agent, "ask_approval", [])).toBeNull();
});
