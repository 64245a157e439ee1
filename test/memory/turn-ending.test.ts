/** The end of old turns: only those under a summary, which stays, is found, and is trusted no more than before. */
import { expect, test } from "vitest";
import type { Turn } from "../../src/memory/thread-types.ts";
import { day, world } from "./support/world.ts";

const here = world();
const owner = "trusted";

const turn = (at: number, rest: Partial<Turn> = {}): Turn => ({
  task: `task-${at}`,
  at: here.now + at,
  from: "anna",
  trust: "verified",
  status: "done",
  asked: `question kangaroo ${at}`,
  askedPath: null,
  answer: `answer ${at}`,
  answerPath: null,
  ...rest,
});

async function opened() {
  const store = await here.open();
  const { threads } = store;
  threads.addTurn(owner, "a", turn(1, { from: "mallory", trust: "unverified" }));
  threads.addTurn(owner, "a", turn(2));
  threads.addTurn(owner, "a", turn(3));
  threads.addTurn(owner, "b", turn(4));
  threads.summarize(owner, "a", "Anna wants the platypus fed.", ["task-1", "task-2"]);
  return store;
}

test("takes old turns under a summary and no others; the summary is found, and stays doubted", async () => {
  const store = await opened();
  const { threads } = store;
  const before = threads.conversation(owner, "a");
  expect(before.summary).toMatchObject({ turns: 2, trust: "unverified" });
  here.now += 100 * day;
  expect(await store.upkeep()).toMatchObject({ turns: 0 });
  expect(await store.upkeep({ keepTurnDays: 101 })).toMatchObject({ turns: 0 });
  expect(await store.upkeep({ keepTurnDays: 99 })).toMatchObject({ turns: 2 });
  expect(await store.upkeep({ keepTurnDays: 99 })).toMatchObject({ turns: 0 });
  expect(threads.conversation(owner, "a")).toEqual(before);
  expect(
    threads
      .searchTurns([owner], "kangaroo", 9)
      .map(({ task }) => task)
      .sort(),
  ).toEqual(["task-3", "task-4"]);
  expect(threads.searchTurns([owner], "platypus", 9)).toMatchObject([
    { status: "summary", trust: "unverified", thread: "a", answer: "Anna wants the platypus fed." },
  ]);
  expect(threads.searchTurns(["uid-9"], "platypus", 9)).toEqual([]);
  expect(threads.threads([owner]).map(({ thread, turns }) => [thread, turns])).toEqual([
    ["b", 1],
    ["a", 3],
  ]);
});

test("names the threads that went on since a moment", async () => {
  const { threads } = await opened();
  expect(threads.since(here.now + 4)).toEqual([{ principal: owner, thread: "b" }]);
  expect(threads.since(here.now + 5)).toEqual([]);
});
