/** Who may make temporary agents and how many, and the ids that they get. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { maxAlive } from "../../src/host/children/types.ts";
import { childUids } from "../../src/host/ids.ts";
import { createApproval } from "../../src/steward/approvals/store.ts";
import { derivedId, newId } from "../../src/task/id.ts";
import { quickDisk } from "./mortal.ts";
import {
  answerOf,
  ask,
  ended,
  hourMs,
  mailOf,
  makeVillage,
  nameOf,
  order,
  refusalOf,
  serveAs,
  spawnsIn,
  wish,
} from "./village.ts";

test("a name that somebody found an id for is not given twice", async () => {
  const village = makeVillage();
  const id = newId(village.now, () => Uint8Array.from({ length: 10 }, () => 3));
  village.users.set(nameOf(id, 0, 2), 20_009);
  const error = await refusalOf(village, wish(village, [order()]), "boss", id);
  expect(error).toContain("is taken: ask once more");
});

test.each([
  ["a role that is not granted", [order({ role: "spy" })], {}, "role spy is none of yours"],
  ["a blank goal", [order({ goal: " \n" })], {}, "its goal is blank"],
  ["blank findings", [order({ findings: "\t" })], {}, "its prior findings are blank"],
  ["findings beyond 32,768 bytes", [order({ findings: "ä".repeat(16_385) })], {}, "32770 bytes"],
  ["a goal beyond 64 KiB", [order({ goal: "ä".repeat(32_769) })], {}, "longer than 65536 bytes"],
  [
    "more calls than its own",
    [order({ share: { shell: 6 } }), order({ share: { shell: 5 } })],
    {},
    "share shell: 11 calls are more than your own 10",
  ],
  ["a share of what it has not", [order({ share: { reply: 1 } })], {}, "share reply: you have it"],
  ["a deadline that is over", [order()], { deadline: "2020-01-01T00:00:00.000Z" }, "is over"],
  ["a deadline too late", [order()], { deadline: "2099-01-01T00:00:00.000Z" }, "at most 24h"],
] as const)("%s refuses the whole batch", async (_, children, rest, why) => {
  const village = makeVillage();
  const error = await refusalOf(village, wish(village, [order(), ...children], rest));
  expect(error).toContain(why);
  expect(village.made).toEqual([]);
});

test("all reasons are told at once, also what cannot be had", async () => {
  const village = makeVillage();
  village.lacks = ({ role }) => [`read /x: ${role} has it not`];
  const error = await refusalOf(village, wish(village, [order({ goal: " " }), order()]));
  expect(error).toContain("child 1: its goal is blank; child 1: read /x");
  expect(error).toContain("child 2: read /x: scout has it not");
});

test("people, and agents without can.spawn, are refused", async () => {
  const village = makeVillage();
  expect(await refusalOf(village, wish(village, [order()]), "loner")).toContain("no can.spawn");
  expect(await refusalOf(village, wish(village, [order()]), "root")).toContain("con agent add");
});

test("live: what is asked in one look counts for the next; others have their own", async () => {
  const village = makeVillage();
  const five = Array.from({ length: 5 }, () => order());
  const first = ask(
    village,
    wish(village, five),
    newId(village.now, () => new Uint8Array(10)),
  );
  const second = ask(village, wish(village, five, { call: "1-2" }));
  await serveAs(village);
  expect(answerOf(village, first)).toBeUndefined();
  expect(answerOf(village, second)?.error).toContain("5 temporary agents of boss live, of 8");
  const rival = ask(village, wish(village, five));
  await serveAs(village, "rival");
  expect(answerOf(village, rival)).toBeUndefined();
  expect(village.users.size).toBe(10);
});

test(`at most ${maxAlive} in all`, async () => {
  const village = makeVillage();
  for (const name of ["boss", "rival"])
    village.rights.set(name, { roles: ["scout"], depth: 1, live: 100 });
  const twenty = Array.from({ length: 20 }, () => order());
  for (let call = 1; call <= 4; call += 1) ask(village, wish(village, twenty));
  await serveAs(village);
  ask(village, wish(village, twenty.slice(1)));
  await serveAs(village, "rival");
  expect(village.users.size).toBe(99);
  const error = await refusalOf(village, wish(village, [order(), order()]), "rival");
  expect(error).toContain("99 temporary agents live, of 100 at most");
  ask(village, wish(village, [order()]));
  await serveAs(village, "rival");
  expect(village.users.size).toBe(100);
});

test("an id that somebody else has at work is refused, and his children stay", async () => {
  const village = makeVillage();
  const id = ask(village, wish(village, [order()]));
  await serveAs(village);
  ask(village, wish(village, [order({ goal: "mine" })]), id);
  await serveAs(village, "rival");
  expect(answerOf(village, id)?.error).toContain("somebody else's");
  village.left.set(nameOf(id), ended({ text: "for boss" }));
  await serveAs(village);
  expect(mailOf(village)[0]).toContain("for boss");
  expect(mailOf(village, "rival")[0]).toContain("somebody else's");
});

test("uids go round, and skip who has one", async () => {
  const village = makeVillage();
  const { first, last } = childUids;
  const uidsOf = async (count: number): Promise<number[]> => {
    const id = ask(
      village,
      wish(
        village,
        Array.from({ length: count }, () => order()),
      ),
    );
    await serveAs(village);
    const uids = [...village.users.values()];
    for (let index = 0; index < count; index += 1) village.left.set(nameOf(id, index), ended());
    await serveAs(village);
    return uids;
  };
  expect(await uidsOf(2)).toEqual([first, first + 1]);
  expect(await uidsOf(1)).toEqual([first + 2]);
  writeFileSync(join(village.places.children, "last-uid"), `${last - 1}\n`);
  village.users.set("stranger", first);
  expect(await uidsOf(2)).toEqual([first, last, first + 1]);
  writeFileSync(join(village.places.children, "last-uid"), "1\n");
  expect((await uidsOf(1)).at(-1)).toBe(first + 1);
});

test("what people approve is for who asked, and not for whoever has that uid now", async () => {
  const village = makeVillage();
  const uid = childUids.first;
  const id = derivedId(village.now, ["asked"]);
  const asked = new Date(village.now).toISOString();
  const request = wish(village, [order()]);
  createApproval(quickDisk, village.places.approvals, {
    ...{ version: 1, id, state: "pending", by: { uid, name: "a-spawn-old" }, agent: "spawn-old" },
    ...{ asked, expires: new Date(village.now + hourMs).toISOString(), needed: 1, approvals: [] },
    ...{ ended: null, settled: false },
    subject: { kind: "request", verb: "spawn", request, reasons: [] },
  });
  village.users.set("spawn-new", uid);
  village.rights.set("spawn-new", { roles: ["scout"], depth: 1, live: 1 });
  const word = { version: 1, why: "", incident: null, verb: "approve", approval: id } as const;
  const said = ask(village, word);
  await serveAs(village, "root");
  expect(spawnsIn(village)).toEqual([]);
  expect(answerOf(village, said)?.changes.join()).toContain("a-spawn-old is not there any more");
});
