import { expect, test } from "vitest";
import { exit } from "../../src/system/errors.ts";
import { derivedId } from "../../src/task/id.ts";
import { about } from "./support.ts";
import {
  answerOf,
  ask,
  ended,
  mailOf,
  makeVillage,
  nameOf,
  order,
  refusalOf,
  serveAs,
  spawnsIn,
  wish,
} from "./village.ts";

test("depth is that of every ancestor, and the end of one takes all below along", async () => {
  const village = makeVillage();
  village.rights.set("boss", { roles: ["scout"], depth: 2, live: 3 });
  const top = ask(village, wish(village, [order()]));
  await serveAs(village);
  const child = nameOf(top);
  // More than its parent may have counts for nothing.
  village.rights.set(child, { roles: ["scout"], depth: 5, live: 100 });
  const below = ask(village, wish(village, [order()]));
  await serveAs(village, child);
  const grandchild = nameOf(below);
  expect([...village.users.keys()]).toEqual([child, grandchild]);
  village.rights.set(grandchild, { roles: ["scout"], depth: 5, live: 100 });
  const deep = await refusalOf(village, wish(village, [order()]), grandchild);
  expect(deep).toContain("boss may have 2 generations below it");
  const wide = await refusalOf(village, wish(village, [order(), order()]), child);
  expect(wide).toContain("2 temporary agents of boss live, of 3 at most");
  village.left.set(child, ended({ text: "I go" }));
  await serveAs(village);
  expect([village.users.size, spawnsIn(village)]).toEqual([0, []]);
  expect(mailOf(village)[0]).toContain("I go");
  expect(answerOf(village, below)?.status).toBe("failed");
});

test("quarantine, retirement and kill of the parent end them; a pause leaves them", async () => {
  const village = makeVillage();
  const begin = async () => {
    const id = ask(village, wish(village, [order()]));
    await serveAs(village);
    expect(village.users.has(nameOf(id))).toBe(true);
    return id;
  };
  const say = async (verb: "pause" | "quarantine" | "kill_session") => {
    ask(village, about(verb, "boss"));
    await serveAs(village, "root");
  };
  const first = await begin();
  await say("pause");
  expect(village.users.size).toBe(1);
  await say("kill_session");
  expect(village.users.size).toBe(0);
  expect(answerOf(village, first)?.status).toBe("failed");
  expect(mailOf(village)[0]).toContain("boss was killed by root");
  await begin();
  await say("quarantine");
  expect([village.users.size, spawnsIn(village)]).toEqual([0, []]);
  const error = await refusalOf(village, wish(village, [order()]));
  expect(error).toContain("boss is quarantined");
});

test("what cannot be made is taken away, and the answer says why; nobody tries again", async () => {
  const village = makeVillage();
  village.trouble = () => "no room";
  const id = ask(village, wish(village, [order(), order()]));
  await serveAs(village);
  expect([village.users.size, village.started.size, spawnsIn(village)]).toEqual([0, 0, []]);
  expect(answerOf(village, id)?.status).toBe("failed");
  expect(mailOf(village)[0]).toContain("it could not be made");
  expect(mailOf(village)[0]).toContain("no room");
  expect(village.made).toHaveLength(2);
});

test("what cannot be taken away keeps its record and nobody waiting; once it is gone the parent is told", async () => {
  const village = makeVillage();
  const id = ask(village, wish(village, [order(), order()]));
  await serveAs(village);
  for (const index of [0, 1]) village.left.set(nameOf(id, index), ended());
  village.stuck.add(nameOf(id));
  // Tried again when the sweep says so: people who ask for something must not wait for its backoff.
  expect(await serveAs(village)).toBe(exit.ok);
  expect([...village.users.keys()]).toEqual([nameOf(id)]);
  expect(mailOf(village)).toEqual([]);
  village.stuck.clear();
  expect(await serveAs(village)).toBe(exit.ok);
  expect([village.users.size, mailOf(village).length]).toEqual([0, 1]);
});

test("the end of the task that asked, whatever it is, ends its children; one that is over gets none", async () => {
  const village = makeVillage();
  const asked = wish(village, [order(), order()]);
  const id = ask(village, asked);
  const other = ask(
    village,
    wish(village, [order()], { task: derivedId(1, ["other"]), call: "1-2" }),
  );
  await serveAs(village);
  village.over.add("task" in asked ? (asked.task ?? "") : "");
  await serveAs(village);
  expect([...village.users.keys()]).toEqual([nameOf(other)]);
  expect(answerOf(village, id)?.status).toBe("failed");
  expect(mailOf(village)[0]).toMatch(/\ntask \S+ of boss has ended\nEND CHILD 1/);
  expect(await refusalOf(village, { ...asked, call: "1-3" } as typeof asked)).toContain(
    "boss has no task",
  );
});
