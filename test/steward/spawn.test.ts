/** Temporary agents from the request to the answer, through the whole steward. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { maxAlive } from "../../src/host/children/types.ts";
import { childUids } from "../../src/host/ids.ts";
import { createApproval } from "../../src/steward/approvals/store.ts";
import { exit } from "../../src/system/errors.ts";
import { derivedId, newId } from "../../src/task/id.ts";
import { quickDisk } from "./mortal.ts";
import { about, answersIn } from "./support.ts";
import {
  ask,
  ended,
  failed,
  hourMs,
  mailOf,
  makeVillage,
  nameOf,
  order,
  serveAs,
  spawnsIn,
  type Village,
  wish,
} from "./village.ts";

const answerOf = ({ places }: Village, id: string) =>
  answersIn(places).find((one) => one.id === id);

async function refusalOf(
  village: Village,
  request: Parameters<typeof ask>[1],
  as = "boss",
  given?: string,
) {
  const id = ask(village, request, given);
  expect(await serveAs(village, as)).toBe(exit.ok);
  expect([...village.users.keys()].filter((name) => name === nameOf(id))).toEqual([]);
  expect(spawnsIn(village).filter((one) => one.id === id)).toEqual([]);
  return answerOf(village, id)?.error ?? "not refused";
}

test("one child: made, given its task as the parent's word, and told when it has ended", async () => {
  const village = makeVillage();
  const id = ask(village, wish(village, [order({ goal: "count", findings: "END FINDINGS" })]));
  await serveAs(village);
  const name = nameOf(id);
  expect([...village.users.keys()]).toEqual([name]);
  expect([...village.started]).toEqual([name]);
  const text = village.texts.get(name) ?? "";
  expect(text).toMatch(/^---\ndeadline: "2[^\n]*Z"\nhops: "1"\nvia: \["boss"\]\n---\ncount\n/);
  const [, nonce] = /\nBEGIN FINDINGS ([0-9a-f]{32}) of boss, 2\d{3}-/.exec(text) ?? [];
  expect(text).toContain(`\nEND FINDINGS\nEND FINDINGS ${nonce}\n`);
  expect(text.indexOf("count\n")).toBeLessThan(text.indexOf("do not obey"));
  expect([answersIn(village.places), mailOf(village)]).toEqual([[], []]);
  village.left.set(name, ended({ text: "three\nrefused" }));
  village.running.add(name);
  await serveAs(village);
  expect([...village.users.keys()]).toEqual([name]);
  village.running.clear();
  await serveAs(village);
  expect([village.users.size, spawnsIn(village)]).toEqual([0, []]);
  const [mail = "", ...more] = mailOf(village);
  expect(more).toEqual([]);
  expect(mail).toContain(`reply_to: "${id}"`);
  expect(mail).toContain(`\ndone\nchild 1, scout (${name}): done\n`);
  expect(mail).toMatch(/BEGIN CHILD 1 ([0-9a-f]{32}) \(scout\)\nthree\nrefused\nEND CHILD 1 \1\n/);
  const told = village.events.map(({ event, child }) => [event, child]);
  expect(told).toEqual([
    ["begins", undefined],
    ["ended", undefined],
    ["child-begins", name],
    ["child-ended", name],
    ["ended", undefined],
  ]);
  expect(JSON.stringify(village.events)).not.toContain("count");
});

test("a child that fails is tried once more, with what is left; then its error is told", async () => {
  const village = makeVillage();
  const wanted = order({ share: { shell: 5 }, usd: 2, tokens: 100 });
  const id = ask(village, wish(village, [wanted]));
  await serveAs(village);
  const spent = { usd: 0.5, tokens: 40, uses: { shell: 3 } };
  village.left.set(nameOf(id), ended({ status: "failed", text: "long", error: "no\nluck", spent }));
  await serveAs(village);
  const second = nameOf(id, 0, 2);
  expect([...village.users.keys()]).toEqual([second]);
  expect(spawnsIn(village)[0]?.places[0]).toMatchObject({
    order: { share: { shell: 2 }, usd: 1.5, tokens: 60 },
    firstError: "no luck",
  });
  expect([...(village.tasks.get(second) ?? [])]).not.toEqual([
    ...(village.tasks.get(nameOf(id)) ?? []),
  ]);
  village.left.set(second, failed("again"));
  await serveAs(village);
  expect(answerOf(village, id)).toMatchObject({
    status: "failed",
    changes: [`child 1, scout (${second}): failed at the second attempt`],
  });
  expect(mailOf(village)[0]).toContain("[the first attempt failed: no luck]\nagain\nEND");
  expect(village.made).toHaveLength(2);
});

test("nothing is left to go on with, or no time: there is no second attempt", async () => {
  const village = makeVillage();
  const poor = ask(village, wish(village, [order({ usd: 1 })]));
  const late = ask(village, wish(village, [order()], { call: "1-2" }));
  await serveAs(village);
  const spent = { usd: 1, tokens: 0, uses: {} };
  village.left.set(nameOf(poor), ended({ status: "failed", error: "no money", spent }));
  await serveAs(village);
  expect(answerOf(village, poor)?.changes).toEqual([`child 1, scout (${nameOf(poor)}): failed`]);
  village.left.set(nameOf(late), failed());
  village.now += hourMs;
  await serveAs(village);
  expect(answerOf(village, late)?.changes).toEqual([`child 1, scout (${nameOf(late)}): failed`]);
});

test("what vanishes without an answer is tried once more without a share", async () => {
  const village = makeVillage();
  const id = ask(village, wish(village, [order({ share: { shell: 5 } })]));
  await serveAs(village);
  village.left.set(nameOf(id), { kind: "lost" });
  await serveAs(village);
  expect(spawnsIn(village)[0]?.places[0]?.order.share).toEqual({ shell: 0 });
  village.left.set(nameOf(id, 0, 2), ended({ status: "cancelled", text: "cancelled by root" }));
  await serveAs(village);
  expect(mailOf(village)[0]).toContain("cancelled by root");
});

test("a child that loses its place is made once more, and told why that cannot be", async () => {
  const village = makeVillage();
  const id = ask(village, wish(village, [order()]));
  await serveAs(village);
  village.users.delete(nameOf(id));
  village.trouble = () => "its parent may not make agents of that role";
  await serveAs(village);
  expect(mailOf(village)[0]).toContain("may not make agents of that role");
  expect([village.users.size, spawnsIn(village)]).toEqual([0, []]);
});

test("a name that somebody found an id for is not given twice", async () => {
  const village = makeVillage();
  const id = newId(village.now, () => Uint8Array.from({ length: 10 }, () => 3));
  village.users.set(nameOf(id, 0, 2), 20_009);
  const error = await refusalOf(village, wish(village, [order()]), "boss", id);
  expect(error).toContain("is taken: ask once more");
});

test("at the deadline: who is done is done, the others are ended", async () => {
  const village = makeVillage();
  const id = ask(village, wish(village, [order(), order({ role: "smith" }), order()]));
  await serveAs(village);
  village.left.set(nameOf(id, 1), ended());
  await serveAs(village);
  expect([...village.users.keys()].sort()).toEqual([nameOf(id, 0), nameOf(id, 2)].sort());
  expect(answerOf(village, id)).toBeUndefined();
  village.now += hourMs;
  await serveAs(village);
  expect(answerOf(village, id)).toMatchObject({
    status: "failed",
    error: "2 of 3 children did not get done: what they said tells why",
    changes: [
      `child 1, scout (${nameOf(id, 0)}): timeout`,
      `child 2, smith (${nameOf(id, 1)}): done`,
      `child 3, scout (${nameOf(id, 2)}): timeout`,
    ],
  });
  expect(village.users.size).toBe(0);
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

test("the same request twice is one", async () => {
  const village = makeVillage();
  const request = wish(village, [order()]);
  const id = ask(village, request);
  await serveAs(village);
  ask(village, { ...request, deadline: new Date(village.now + 2).toISOString() } as never, id);
  await serveAs(village);
  expect(village.made).toHaveLength(1);
  expect(spawnsIn(village)[0]?.deadline).toBe(new Date(village.now + hourMs).toISOString());
});

test("marks are taken whatever they are called; a damaged record stands in nobody's way", async () => {
  const village = makeVillage();
  for (const name of ["x", ".odd", "spawn-abcdefgh"])
    writeFileSync(join(village.places.ended, name), "");
  writeFileSync(join(village.places.children, `${newId(1, () => new Uint8Array(10))}.json`), "{");
  ask(village, wish(village, [order()]));
  expect(await serveAs(village)).toBe(exit.ok);
  expect(readdirSync(village.places.ended)).toEqual([]);
  expect(village.users.size).toBe(1);
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
