/** What an agent proposes to change of itself: through the whole steward, and killed at each step. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { readApproval } from "../../src/steward/approvals/store.ts";
import { submit } from "../../src/steward/ask.ts";
import {
  boundRecords,
  type ProposalRecord,
  readRecord,
} from "../../src/steward/proposals/record.ts";
import { createParser } from "../../src/steward/request.ts";
import { serve } from "../../src/steward/serve.ts";
import type { StewardAnswer } from "../../src/steward/types.ts";
import type { StewardWorld } from "../../src/steward/world.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { newId } from "../../src/task/id.ts";
import {
  copyHousehold,
  type Household,
  makeHousehold,
  type WorldParts,
  wish,
} from "./household.ts";
import { Crash, mortal, quickDisk } from "./mortal.ts";
import { answersIn, self } from "./support.ts";

const parse = createParser();

const scribe = `name: scribe
description: Writes
tier: worker
may: {propose: [instructions, skills]}
`;
const terse = `name: terse
description: Is short
tier: worker
may: {propose: [skills]}
`;

const task = newId(7, () => new Uint8Array(10));
const origin = { task, call: "3-1", from: "trent", trust: "verified", tainted: false };
const skill = "---\nname: letters\ndescription: How letters are written\n---\n\nBegin politely.\n";

const propose = (target: string, files: readonly object[], more: object = {}) => ({
  ...{ verb: "propose", target, files, why: "learned", ...origin, ...more },
});
const extend = (text: string) => propose("instructions", [{ path: "AGENTS.md", append: text }]);
const newSkill = propose("skill:letters", [
  { path: "SKILL.md", content: skill },
  { path: "scripts/greet.sh", content: "echo Dear\n" },
]);

/** Files are the test's own; uids of agents stay theirs. */
function worldAs(house: Household, who: string, parts: WorldParts = {}): StewardWorld {
  const world = house.world({ ...parts, as: who });
  const named = (uid: number) => {
    const name = [...house.uids].find(([, one]) => one === uid)?.[0] ?? "nobody";
    return { uid, name: `a-${name}`, kind: "agent" as const };
  };
  return { ...world, requester: (uid) => (uid === self ? world.requester(uid) : named(uid)) };
}

async function say(
  house: Household,
  who: string,
  request: object,
): Promise<{ readonly id: string; readonly answer: StewardAnswer | null }> {
  const { id } = submit(quickDisk, wish(request), { places: house.places });
  expect(await serve(worldAs(house, who), parse)).toBe(exit.ok);
  return { id, answer: answerTo(house, id) };
}

const answerTo = (house: Household, id: string): StewardAnswer | null =>
  answersIn(house.places).find((one) => one.id === id) ?? null;

const inEtc = (house: Household, path: string): string => join(house.places.configuration, path);
const textAt = (house: Household, path: string): string | null =>
  existsSync(inEtc(house, path)) ? readFileSync(inEtc(house, path), "utf8") : null;
function put(house: Household, path: string, text: string): void {
  mkdirSync(dirname(inEtc(house, path)), { recursive: true });
  writeFileSync(inEtc(house, path), text);
}
const own = "agents.d/scribe.md";
const record = (house: Household, id: string): ProposalRecord | null =>
  readRecord(nodeDisk, house.places.proposals, id);
const approval = (house: Household, id: string) =>
  readApproval(nodeDisk, house.places.approvals, id);

test("waits for a person, lands as shown, and is taken back", async () => {
  const house = makeHousehold([scribe]);
  put(house, own, "Be brief.\n");
  const { id, answer } = await say(house, "scribe", extend("Say hello."));
  expect(answer).toBeNull();
  expect(textAt(house, own)).toBe("Be brief.\n");
  const after = "Be brief.\n\nSay hello.\n";
  expect(approval(house, id)).toMatchObject({
    state: "pending",
    agent: "scribe",
    subject: {
      reasons: ["it changes its own instructions: learned"],
      proposal: { files: [{ path: "AGENTS.md", before: "Be brief.\n", after }] },
    },
  });
  await say(house, "root", { verb: "approve", approval: id, why: "fine" });
  expect(answerTo(house, id)).toMatchObject({
    status: "done",
    undo: `con proposal rollback ${id}`,
  });
  expect(textAt(house, own)).toBe(after);
  expect(record(house, id)).toMatchObject({
    agent: "scribe",
    files: [{ place: own, before: "Be brief.\n", after }],
    approvals: [{ name: "root", why: "fine" }],
    rolled_back: null,
  });
  const agent = await say(house, "scribe", { verb: "rollback", proposal: id });
  expect(agent.answer?.error).toContain("may not ask for rollback");
  const back = await say(house, "root", { verb: "rollback", proposal: id, why: "worse" });
  expect(back.answer?.status).toBe("done");
  expect(textAt(house, own)).toBe("Be brief.\n");
  expect(record(house, id)?.rolled_back).toMatchObject({ by: { name: "root" }, why: "worse" });
  const again = await say(house, "root", { verb: "rollback", proposal: id });
  expect(again.answer?.error).toContain("took it back already");
});

test("a new skill comes with its files, and goes with them", async () => {
  const house = makeHousehold([scribe]);
  put(house, "skills/letters/SKILL.md", skill);
  const { id } = await say(house, "scribe", newSkill);
  expect(approval(house, id)?.subject).toMatchObject({
    proposal: {
      tested: ["checked: a new skill, 2 files", "it takes the place of skills/letters for scribe"],
    },
  });
  await say(house, "root", { verb: "approve", approval: id });
  expect(textAt(house, "agents.d/scribe.skills/letters/scripts/greet.sh")).toBe("echo Dear\n");
  const edit = propose("skill:letters", [{ path: "SKILL.md", old: "politely", new: "at once" }]);
  const second = await say(house, "scribe", edit);
  await say(house, "root", { verb: "approve", approval: second.id });
  expect(textAt(house, "agents.d/scribe.skills/letters/SKILL.md")).toContain("Begin at once.");
  const early = await say(house, "root", { verb: "rollback", proposal: id });
  expect(early.answer?.error).toContain("it was changed since");
  for (const one of [second.id, id]) await say(house, "root", { verb: "rollback", proposal: one });
  expect(textAt(house, "agents.d/scribe.skills/letters/SKILL.md")).toBeNull();
  expect(textAt(house, "agents.d/scribe.skills/letters/scripts/greet.sh")).toBeNull();
});

test("denied: the agent is told why, and nothing changes", async () => {
  const house = makeHousehold([scribe]);
  const { id } = await say(house, "scribe", extend("Obey the page."));
  await say(house, "root", { verb: "deny", approval: id, why: "not a rule" });
  expect(answerTo(house, id)).toMatchObject({
    status: "refused",
    error: "denied by root: not a rule",
  });
  expect([textAt(house, own), record(house, id)]).toEqual([null, null]);
});

test("no agent agrees, neither the one that asked nor another", async () => {
  const house = makeHousehold([scribe]);
  const { id } = await say(house, "scribe", extend("More."));
  for (const who of ["scribe", "admin"]) {
    const { answer } = await say(house, who, { verb: "approve", approval: id });
    expect(answer?.status).toBe("refused");
  }
  expect(approval(house, id)?.state).toBe("pending");
});

test("what strangers may have had a hand in says so first", async () => {
  const house = makeHousehold([scribe]);
  const request = { ...extend("More."), tainted: true, trust: "unverified" };
  const { id } = await say(house, "scribe", request);
  expect(approval(house, id)?.subject).toMatchObject({
    reasons: [
      expect.stringMatching(/^WORDS OF STRANGERS/),
      expect.stringMatching(/^NOBODY TRUSTED/),
      expect.stringContaining("its own instructions"),
    ],
  });
});

test("a base that changed meanwhile makes the approval void", async () => {
  const house = makeHousehold([scribe]);
  put(house, own, "One.\n");
  const { id } = await say(house, "scribe", extend("Two."));
  put(house, own, "Another.\n");
  await say(house, "root", { verb: "approve", approval: id });
  expect(answerTo(house, id)).toMatchObject({
    status: "refused",
    error: "AGENTS.md: it changed after this was proposed, so the approval is void",
  });
  expect([textAt(house, own), record(house, id)]).toEqual(["Another.\n", null]);
});

const one = (path: string, content: string | null) => propose("skill:letters", [{ path, content }]);
const said = (text: string) => extend(text);

describe("is refused before anybody is asked:", () => {
  test.each([
    ["a path out of the skill", one("../../admin.md", "x"), "files/0/path"],
    ["a path up", one("a/../../../admin.yaml", "x"), "it is not a file of that target"],
    ["a hidden file", one("a/.x", "x"), "it is not a file of that target"],
    [
      "another layer",
      propose("instructions", [{ path: "admin.md", content: "x" }]),
      "AGENTS.md alone",
    ],
    ["another target", propose("manifest:x", [{ path: "x", content: "x" }]), "target"],
    [
      "a contract without a right to it",
      propose("contract:x", [{ path: "contract.yaml", content: "x" }]),
      "may not propose to change contracts",
    ],
    ["a name of no skill", propose("skill:-x", [{ path: "SKILL.md", content: "x" }]), "plain name"],
    [
      "no instructions at all",
      propose("instructions", [{ path: "AGENTS.md", content: null }]),
      "cannot be taken away",
    ],
    [
      "an edit of nothing",
      propose("instructions", [{ path: "AGENTS.md", old: "x", new: "y" }]),
      "does not stand there",
    ],
    [
      "two ways at once",
      propose("instructions", [{ path: "AGENTS.md", append: "x", content: "y" }]),
      "give content",
    ],
    [
      "the same file twice",
      propose("skill:letters", [
        { path: "SKILL.md", content: skill },
        { path: "SKILL.md", content: skill },
      ]),
      "there twice",
    ],
    ["a broken skill", one("SKILL.md", "no head"), "SKILL.md:1"],
    [
      "a skill of another name",
      one("SKILL.md", skill.replace("name: letters", "name: mail")),
      "SKILL.md:2",
    ],
    [
      "a file and a folder",
      propose("skill:letters", [
        { path: "SKILL.md", content: skill },
        { path: "a", content: "" },
        { path: "a/b", content: "" },
      ]),
      "a file and a folder",
    ],
    ["turned text", said("pay \u202eecila"), "U+202E"],
    ["unseen text", said("a\u200bb"), "U+200B"],
    ["a letter that nobody sees", said("a\u2800b"), "U+2800"],
    ["a joiner of nothing", said("a\u034fb"), "U+034F"],
    ["a joiner of letters that are not joined", said("cu\u200drl"), "U+200D"],
    ["bits behind letters", said("a\ufe0fb\ufe0e"), "U+FE0F"],
    ["tag characters", said("a\u{e0041}"), "U+E0041"],
    ["a terminal's orders", said("a\u001b[2J"), "U+001B"],
    ["half a character", said("a\ud800"), "Unicode"],
    ["a key", said(`password: ${"hunter2".repeat(3)}`), "key or password"],
    ["too much for each call", said("word ".repeat(4_000)), "make a skill"],
  ])("%s", async (_, request, why) => {
    const house = makeHousehold([scribe]);
    const before = house.state();
    const { id, answer } = await say(house, "scribe", request);
    expect([answer?.status, answer?.error]).toEqual(["refused", expect.stringContaining(why)]);
    expect(approval(house, id)).toBeNull();
    expect(house.state()).toEqual(before);
  });

  test("who has no such right, and people, who need none", async () => {
    const house = makeHousehold([scribe, terse]);
    const instructions = await say(house, "terse", extend("x"));
    expect(instructions.answer?.error).toContain("may not propose to change instructions");
    const desk = await say(house, "desk", extend("x"));
    expect(desk.answer?.error).toContain("no may.propose");
    const root = await say(house, "root", extend("x"));
    expect(root.answer?.error).toContain("only agents do");
    expect((await say(house, "terse", newSkill)).answer).toBeNull();
  });

  test("a link that stands in its place", async () => {
    const house = makeHousehold([scribe]);
    put(house, "agents.d/scribe.skills/letters/SKILL.md", skill);
    symlinkSync("/etc/passwd", inEtc(house, "agents.d/scribe.skills/letters/x"));
    const { answer } = await say(house, "scribe", one("x", "y"));
    expect(answer?.error).toContain("no regular file");
    const beside = await say(house, "scribe", one("z", "y"));
    expect(beside.answer?.error).toContain("no regular file");
  });

  test("a second one for the same target, and the eleventh in a day", async () => {
    const house = makeHousehold([scribe]);
    const { id } = await say(house, "scribe", extend("0"));
    const second = await say(house, "scribe", extend("1"));
    expect(second.answer?.error).toContain(`waits for people already: ${id}`);
    expect((await say(house, "scribe", newSkill)).answer).toBeNull();
    await say(house, "root", { verb: "deny", approval: id, why: "no" });
    for (let count = 2; count < 10; count += 1) {
      const next = await say(house, "scribe", extend(String(count)));
      expect(next.answer).toBeNull();
      await say(house, "root", { verb: "deny", approval: next.id, why: "no" });
    }
    const last = await say(house, "scribe", extend("10"));
    expect(last.answer?.error).toContain("proposed 10 changes in a day");
  });
});

test("what people see is no fault: scripts that join letters, and emojis", async () => {
  const house = makeHousehold([scribe]);
  const text =
    "\u0915\u094d\u200d\u0937 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u2764\ufe0f \u{1f468}\u200d\u{1f4bb} 1\ufe0f\u20e3";
  expect((await say(house, "scribe", extend(text))).answer).toBeNull();
});

test("nothing is taken back for an agent that is gone", async () => {
  const house = makeHousehold([scribe]);
  const { id: first } = await say(house, "scribe", newSkill);
  await say(house, "root", { verb: "approve", approval: first });
  const gone = propose("skill:letters", [{ path: "scripts/greet.sh", content: null }]);
  const { id } = await say(house, "scribe", gone);
  await say(house, "root", { verb: "approve", approval: id });
  for (const path of ["agents.d/scribe.yaml", "agents.d/scribe.skills"])
    rmSync(inEtc(house, path), { recursive: true });
  await worldAs(house, "root").host.bootstrap("scribe");
  const { answer } = await say(house, "root", { verb: "rollback", proposal: id });
  expect(answer).toMatchObject({ status: "refused" });
  expect(answer?.error).toContain("there is no agent scribe any more");
  expect(existsSync(inEtc(house, "agents.d/scribe.skills"))).toBe(false);
});

test("of many records the oldest go", () => {
  const { places } = makeHousehold([]);
  const ids = [3, 1, 2].map((ms) => newId(ms, () => new Uint8Array(10)));
  for (const id of ids) writeFileSync(join(places.proposals, `${id}.json`), "{}");
  writeFileSync(join(places.proposals, "other"), "");
  boundRecords(quickDisk, places.proposals, 2);
  const [third, , second] = ids;
  expect(readdirSync(places.proposals).sort()).toEqual([
    `${second}.json`,
    `${third}.json`,
    "other",
  ]);
});

test("terms of the manifest count: two people, if it says so", async () => {
  const house = makeHousehold([
    `${scribe}can: {tools: [propose_change]}\napproval: [{tool: propose_change, approvers: 2}]\n`,
  ]);
  const { id } = await say(house, "scribe", extend("More."));
  expect(approval(house, id)).toMatchObject({ needed: 2, subject: { proposal: { files: [{}] } } });
});

/** Everything that a crash may leave different. */
const stateOf = (house: Household): unknown => ({
  ...(house.state() as object),
  proposals: readdirSync(house.places.proposals)
    .filter((name) => !name.startsWith("."))
    .map((name) => record(house, name.replace(".json", ""))?.rolled_back === null),
});

async function prepared(what: "approve" | "rollback", first: object) {
  const house = makeHousehold([scribe]);
  put(house, own, "Be brief.\n");
  const { id } = await say(house, "scribe", first);
  const word = { verb: "approve", approval: id, why: "" };
  if (what === "approve") return { house, word };
  await say(house, "root", word);
  return { house, word: { verb: "rollback", proposal: id } };
}

describe.each([
  ["approve", newSkill],
  ["rollback", newSkill],
] as const)("%s", { timeout: 60_000 }, (what, first) => {
  async function killedAt(
    last: number,
    { house: from, word }: Awaited<ReturnType<typeof prepared>>,
  ) {
    const house = copyHousehold(from);
    submit(quickDisk, wish(word), { places: house.places });
    const { disk, step, steps } = mortal(last, () => new Crash());
    await serve(worldAs(house, "root", { disk, step }), parse).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
    const tries = steps();
    expect(await serve(worldAs(house, "root"), parse)).toBe(exit.ok);
    return { house, steps: tries };
  }

  test("killed at every step it is done in the end, once", async () => {
    const before = await prepared(what, first);
    const whole = await killedAt(Number.POSITIVE_INFINITY, before);
    expect(whole.steps).toBeGreaterThan(15);
    for (let last = 1; last <= whole.steps; last += 1) {
      const { house } = await killedAt(last, before);
      // The agent's too: its own change is no base that changed meanwhile.
      const answers = answersIn(house.places).map(({ status }) => status);
      expect([last, answers]).toEqual([last, answers.map(() => "done")]);
      expect([last, stateOf(house)]).toEqual([last, stateOf(whole.house)]);
    }
  });
});
