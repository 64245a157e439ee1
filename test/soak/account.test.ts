import { expect, test } from "vitest";
import { account, type Drop, type Found, keyOf } from "./account.ts";

const uuid = "01900000-0000-7000-8000-000000000001";
const derived = "01900000-0000-8000-8000-000000000002";

const drop = (key: string, fate: Drop["fate"] = "answer"): Drop => ({
  ...{ agent: "a", key, fate, what: "plain" },
});

const found = (id: string, rest: Partial<Found> = {}): Found => ({
  ...{ agent: "a", id, status: "done", from: "root", error: null, hasResponse: true },
  ...{ places: ["processed"], receivedAt: 0, finishedAt: 1 },
  ...rest,
});

const refusal = { status: "failed", error: "it is empty", places: ["corrupt"] };

test("the key is what the sender named", () => {
  expect(keyOf(`alice-000001-${derived}`)).toBe("alice-000001");
  expect(keyOf(`odd-000001-b_d-${derived}`)).toBe("odd-000001");
  expect(keyOf(uuid)).toBe(uuid);
});

test("all is well", () => {
  const books = account(
    [drop("x-000001"), drop("x-000002", "refusal"), drop(uuid)],
    [
      found(`x-000001-${derived}`),
      found(`x-000002-${derived}`, refusal),
      found(uuid, { status: "failed", error: "no", places: ["failed"] }),
      found(`others-000001-${derived}`),
    ],
  );
  expect(books).toEqual({
    ...{ dropped: 3, answered: 2, refused: 1, others: 1 },
    ...{ missing: [], twice: [], wrong: [], torn: [] },
  });
});

test.each<readonly [string, Drop, readonly Found[], "missing" | "twice" | "wrong" | "torn"]>([
  ["no record", drop("x-000001"), [], "missing"],
  ["at another agent", drop("x-000001"), [found(`x-000001-${derived}`, { agent: "b" })], "missing"],
  ["two records", drop(uuid), [found(uuid), found(`${uuid}-${derived}`)], "twice"],
  ["refused", drop(uuid), [found(uuid, refusal)], "wrong"],
  ["not refused", drop(uuid, "refusal"), [found(uuid)], "wrong"],
  ["no response", drop(uuid), [found(uuid, { hasResponse: false })], "torn"],
  ["no file", drop(uuid), [found(uuid, { places: [] })], "torn"],
  ["file in two places", drop(uuid), [found(uuid, { places: ["active", "processed"] })], "torn"],
  ["file still active", drop(uuid), [found(uuid, { places: ["active"] })], "torn"],
])("%s is seen", (_, dropped, all, where) => {
  expect(account([dropped], all)[where]).toHaveLength(1);
});
