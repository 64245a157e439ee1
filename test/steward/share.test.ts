/** A forged tool becomes everybody's: through the whole steward, refused in each way, and killed at each step. */
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readAgentFile } from "../../src/host/agent-file.ts";
import { readApproval } from "../../src/steward/approvals/store.ts";
import { submit } from "../../src/steward/ask.ts";
import { readRecord } from "../../src/steward/proposals/record.ts";
import { createParser } from "../../src/steward/request.ts";
import { serve } from "../../src/steward/serve.ts";
import type { StewardAnswer } from "../../src/steward/types.ts";
import type { StewardWorld } from "../../src/steward/world.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { newId } from "../../src/task/id.ts";
import { createRegistry } from "../../src/tools/forge/registry.ts";
import { digestOf, type Made, versionFiles } from "../../src/tools/forge/version-files.ts";
import { made } from "../tools/forge/support.ts";
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
const manifestOf = (name: string, may = "{propose: [tools]}") =>
  `name: ${name}\ndescription: Makes tools\ntier: worker\nmay: ${may}\n`;
const smith = manifestOf("smith");

const folderOf = ({ places }: Household, agent: string): string =>
  join(places.tools, "..", "agents", agent);
const versionIn = (house: Household, version = 1): string =>
  join(folderOf(house, "smith"), "tools/versions/fib", String(version));

function forge(house: Household, agent: string, one: Made): { version: number; sha256: string } {
  const root = join(folderOf(house, agent), "tools");
  mkdirSync(root, { recursive: true });
  const registry = createRegistry(quickDisk, root);
  const { version } = registry.register(one) as { version: number };
  const loaded = registry.load(one.manifest.name);
  if (!loaded.ok) throw new Error(loaded.why);
  return { version, sha256: loaded.digest };
}

/** Files are the test's own; uids of agents stay theirs. */
function worldAs(house: Household, who: string, parts: WorldParts = {}): StewardWorld {
  const world = house.world({ ...parts, as: who });
  const named = (uid: number) => {
    const name = [...house.uids].find(([, one]) => one === uid)?.[0] ?? "nobody";
    return { uid, name: `a-${name}`, kind: "agent" as const };
  };
  return {
    ...world,
    requester: (uid) => (uid === self ? world.requester(uid) : named(uid)),
    agentFile: ({ name }, path, most) =>
      readAgentFile(join(folderOf(house, name), path), self, most),
  };
}

async function say(house: Household, who: string, request: object) {
  const { id } = submit(quickDisk, wish(request), { places: house.places });
  expect(await serve(worldAs(house, who), parse)).toBe(exit.ok);
  return { id, answer: answerTo(house, id) };
}

const answerTo = (house: Household, id: string): StewardAnswer | null =>
  answersIn(house.places).find((one) => one.id === id) ?? null;

const task = newId(7, () => new Uint8Array(10));
const origin = { task, call: "3-1", from: "trent", trust: "verified", tainted: false };

const share = (revision: number, sha256: string, tool = "fib", more: object = {}) => ({
  ...{ verb: "share_tool", tool, revision, sha256, why: "all need it", ...origin, ...more },
});

const shared = (house: Household) => createRegistry(nodeDisk, house.places.tools, "shared");
const used = (house: Household, tool = "fib"): unknown => {
  const loaded = shared(house).load(tool);
  return loaded.ok ? [loaded.manifest.version, loaded.code] : loaded.why;
};
const approval = (house: Household, id: string) =>
  readApproval(nodeDisk, house.places.approvals, id);

async function approved(house: Household, request: object, who = "smith"): Promise<string> {
  const { id, answer } = await say(house, who, request);
  expect(answer).toBeNull();
  await say(house, "root", { verb: "approve", approval: id, why: "read it" });
  expect(answerTo(house, id)).toMatchObject({ status: "done" });
  return id;
}

test("is shown whole, waits, becomes root's, and is taken from all and brought back", async () => {
  const house = makeHousehold([smith]);
  const first = forge(house, "smith", made("fib", "one\n"));
  const { id, answer } = await say(house, "smith", share(1, first.sha256));
  expect([answer, used(house)]).toEqual([null, "there is no shared.fib"]);
  expect(approval(house, id)).toMatchObject({
    state: "pending",
    subject: {
      reasons: ["others may call shared.fib, version 1: all need it"],
      proposal: {
        files: versionFiles.map((path) => ({ path, before: null })),
        tested: expect.arrayContaining([expect.stringContaining(first.sha256)]),
      },
    },
  });
  await say(house, "root", { verb: "approve", approval: id });
  expect(answerTo(house, id)).toMatchObject({
    status: "done",
    undo: `con proposal rollback ${id}`,
  });
  expect(used(house)).toEqual([1, "one\n"]);
  expect(shared(house).pointer("fib")).toMatchObject({ owner: "smith", version: 1 });
  // What the agent does to its own files afterwards is nobody else's matter.
  appendFileSync(join(versionIn(house), "code"), "evil\n");
  expect(used(house)).toEqual([1, "one\n"]);
  const second = forge(house, "smith", made("fib", "two\n"));
  const next = await say(house, "smith", share(2, second.sha256));
  expect(approval(house, next.id)).toMatchObject({
    subject: {
      proposal: { files: [{}, { path: "code", before: "one\n", after: "two\n" }, {}, {}] },
    },
  });
  await say(house, "root", { verb: "approve", approval: next.id });
  expect(used(house)).toEqual([2, "two\n"]);
  const turned = async (request: object) => (await say(house, "root", request)).answer;
  expect(await turned({ verb: "unshare_tool", tool: "fib" })).toMatchObject({
    status: "done",
    undo: "con tool rollback fib --shared --to 2",
  });
  expect(used(house)).toBe("shared.fib is shared no more");
  expect(await turned({ verb: "rollback_tool", tool: "fib", revision: 1 })).toMatchObject({
    undo: "con tool unshare fib",
  });
  expect(used(house)).toEqual([1, "one\n"]);
  const none = await turned({ verb: "rollback_tool", tool: "fib", revision: null });
  expect(none?.error).toContain("no earlier version");
  appendFileSync(join(house.places.tools, "versions/fib/2/code"), "x");
  const odd = await turned({ verb: "rollback_tool", tool: "fib", revision: 2 });
  expect(odd?.error).toContain("shared.fib: version 2 is not what was registered");
});

test("is taken back like any proposal, and its number may come again", async () => {
  const house = makeHousehold([smith]);
  const { sha256 } = forge(house, "smith", made("fib", "one"));
  const id = await approved(house, share(1, sha256));
  expect(readRecord(nodeDisk, house.places.proposals, id)?.origin).toEqual(origin);
  const back = await say(house, "root", { verb: "rollback", proposal: id });
  expect(back.answer?.status).toBe("done");
  expect(used(house)).toBe("there is no shared.fib");
  await approved(house, share(1, sha256));
  expect(used(house)).toEqual([1, "one"]);
});

test("agents neither approve, nor take from all, nor turn; denied, nothing is shared", async () => {
  const house = makeHousehold([smith, manifestOf("other")]);
  const { sha256 } = forge(house, "smith", made("fib", "one"));
  const { id } = await say(house, "smith", share(1, sha256));
  for (const who of ["smith", "other"])
    for (const request of [
      { verb: "approve", approval: id },
      { verb: "unshare_tool", tool: "fib" },
      { verb: "rollback_tool", tool: "fib", revision: 1 },
    ])
      expect((await say(house, who, request)).answer?.status).toBe("refused");
  expect(approval(house, id)?.state).toBe("pending");
  await say(house, "root", { verb: "deny", approval: id, why: "no use" });
  expect(answerTo(house, id)?.error).toBe("denied by root: no use");
  expect(used(house)).toBe("there is no shared.fib");
});

test("what strangers had made says so first, and keeps its mark", async () => {
  const house = makeHousehold([smith]);
  const { sha256 } = forge(house, "smith", made("fib", "one", { tainted: true }));
  const { id } = await say(house, "smith", share(1, sha256));
  expect(approval(house, id)?.subject).toMatchObject({
    reasons: [expect.stringMatching(/^WORDS OF STRANGERS/), expect.any(String)],
  });
  await say(house, "root", { verb: "approve", approval: id });
  expect(shared(house).load("fib")).toMatchObject({ manifest: { tainted: true } });
});

test("a task that strangers have a word in says so first, whoever had the tool made", async () => {
  const house = makeHousehold([smith]);
  const { sha256 } = forge(house, "smith", made("fib", "one"));
  const doubts = { tainted: true, trust: "unverified" };
  const { id } = await say(house, "smith", share(1, sha256, "fib", doubts));
  expect(approval(house, id)?.subject).toMatchObject({
    reasons: [
      expect.stringMatching(/^WORDS OF STRANGERS/),
      expect.stringMatching(/^NOBODY TRUSTED/),
      expect.stringContaining("others may call"),
    ],
  });
  await say(house, "root", { verb: "approve", approval: id });
  const record = readRecord(nodeDisk, house.places.proposals, id);
  expect(record?.origin).toEqual({ ...origin, ...doubts });
});

test("two people, where the manifest wants two", async () => {
  const terms = "can: {tools: [share_tool]}\napproval: [{tool: share_tool, approvers: 2}]\n";
  const house = makeHousehold([`${smith}${terms}`]);
  const { sha256 } = forge(house, "smith", made("fib", "one"));
  const { id } = await say(house, "smith", share(1, sha256));
  expect(approval(house, id)).toMatchObject({
    needed: 2,
    subject: { proposal: { files: [{}, {}, {}, {}] } },
  });
});

test("changed between the request and the approval: the approval is void", async () => {
  const house = makeHousehold([smith]);
  const { sha256 } = forge(house, "smith", made("fib", "one"));
  const { id } = await say(house, "smith", share(1, sha256));
  appendFileSync(join(versionIn(house), "code"), " ");
  await say(house, "root", { verb: "approve", approval: id });
  expect(answerTo(house, id)).toMatchObject({ status: "refused" });
  expect(answerTo(house, id)?.error).toContain("not those of that digest");
  expect(used(house)).toBe("there is no shared.fib");
});

describe("is refused before anybody is asked:", () => {
  const path = (house: Household, file: string) => join(versionIn(house), file);
  /** Rewrites a file as a taken-over agent would; the digest then is the right one. */
  const rewritten = (file: string, change: (text: string) => string) => (house: Household) => {
    const at = path(house, file);
    writeFileSync(at, change(readFileSync(at, "utf8")));
    return digestOf(versionFiles.map((name) => readFileSync(path(house, name))));
  };
  const moved = (house: Household, file: string): string => {
    const aside = join(folderOf(house, "smith"), "aside");
    renameSync(path(house, file), aside);
    return aside;
  };

  test.each<readonly [string, string, (house: Household) => string | undefined]>([
    ["another digest", "not those of that digest", () => "0".repeat(64)],
    [
      "a tampered version",
      "not those of that digest",
      (house) => void appendFileSync(path(house, "code"), "x"),
    ],
    [
      "a link as tool.json",
      "tool.json: it is a link",
      (house) => void symlinkSync(moved(house, "tool.json"), path(house, "tool.json")),
    ],
    [
      "a second name",
      "code: it has several names",
      (house) => void linkSync(path(house, "code"), join(folderOf(house, "smith"), "more")),
    ],
    [
      "a link on the way",
      "it is a link, or lies behind one",
      (house) => {
        const aside = join(folderOf(house, "smith"), "elsewhere");
        renameSync(versionIn(house), aside);
        symlinkSync(aside, versionIn(house));
      },
    ],
    [
      "a directory in its place",
      "report.md: it is no regular file",
      (house) => {
        rmSync(path(house, "report.md"));
        mkdirSync(path(house, "report.md"));
      },
    ],
    ["a missing file", "tests.json: it is not there", (house) => void moved(house, "tests.json")],
    [
      "a manifest of another form",
      "tool.json is not as the forge writes it",
      rewritten("tool.json", (text) => text.replace('"format": 1', '"format": 1, "x": 1')),
    ],
    [
      "one that people would read otherwise",
      "not written as the forge writes them",
      rewritten("tool.json", (text) => text.replace("{", '{"tainted": true,')),
    ],
    [
      "one of another version",
      "of another tool or version",
      rewritten("tool.json", (text) => text.replace('"version": 1', '"version": 2')),
    ],
    [
      "a layer that is a path",
      "tool.json is not as the forge writes it",
      rewritten("tool.json", (text) =>
        text.replace('"layers": []', '"layers": [\n    "../x"\n  ]'),
      ),
    ],
    ["bytes that are no text", "no text", badBytes],
    ["turned text", "U+202E", rewritten("code", () => "print(1) # \u202e")],
    [
      "a key in it",
      "key or password",
      rewritten("code", () => `password = "${"hunter2".repeat(3)}"`),
    ],
    ["too much to read", "propose less", rewritten("code", () => "x = 1\n".repeat(40_000))],
  ])("%s", async (_, why, change) => {
    const house = makeHousehold([smith]);
    const { sha256 } = forge(house, "smith", made("fib", "one"));
    const digest = change(house) ?? sha256;
    const { id, answer } = await say(house, "smith", share(1, digest));
    expect([answer?.status, answer?.error]).toEqual(["refused", expect.stringContaining(why)]);
    expect([approval(house, id), used(house)]).toEqual([null, "there is no shared.fib"]);
  });

  function badBytes(house: Household): string {
    writeFileSync(path(house, "code"), Buffer.from([0x66, 0xff]));
    return digestOf(versionFiles.map((name) => readFileSync(path(house, name))));
  }

  test("names of others, names that look the same, numbers that are taken", async () => {
    const house = makeHousehold([smith, manifestOf("other")]);
    const own = forge(house, "smith", made("fib", "one"));
    await approved(house, share(1, own.sha256));
    const theirs = forge(house, "other", made("fib", "theirs"));
    const clash = await say(house, "other", share(1, theirs.sha256));
    expect(clash.answer?.error).toBe("shared.fib is of smith: forge yours by another name");
    const near = forge(house, "other", made("f_ib", "theirs"));
    const like = await say(house, "other", share(1, near.sha256, "f_ib"));
    expect(like.answer?.error).toContain("there is shared.fib, which differs only by _");
    const again = await say(house, "smith", share(1, own.sha256));
    expect(again.answer?.error).toContain("at version 1 already");
    const taken = await say(house, "smith", share(1, "0".repeat(64)));
    expect(taken.answer?.error).toContain("has another version 1");
    const free = forge(house, "other", made("sum", "theirs"));
    await approved(house, share(1, free.sha256, "sum"), "other");
    expect(used(house, "sum")).toEqual([1, "theirs"]);
  });

  test("one version more than there may be", async () => {
    const house = makeHousehold([smith]);
    const { sha256 } = forge(house, "smith", made("fib", "one"));
    const digests = Array.from({ length: 100 }, (_, at) => [at + 2, "0".repeat(64)]);
    mkdirSync(join(house.places.tools, "current"));
    writeFileSync(
      join(house.places.tools, "current/fib.json"),
      JSON.stringify({
        format: 1,
        version: null,
        owner: "smith",
        digests: Object.fromEntries(digests),
      }),
    );
    const { answer } = await say(house, "smith", share(1, sha256));
    expect(answer?.error).toContain("has had 100 versions");
  });

  test("who may not, whose tool it is not, and a second one while one waits", async () => {
    const house = makeHousehold([smith, manifestOf("terse", "{propose: [skills]}")]);
    const { sha256 } = forge(house, "smith", made("fib", "one"));
    const terse = await say(house, "terse", share(1, sha256));
    expect(terse.answer?.error).toContain("may not propose to share tools");
    const desk = await say(house, "desk", share(1, sha256));
    expect(desk.answer?.error).toContain("no may.propose");
    const root = await say(house, "root", share(1, sha256));
    expect(root.answer?.error).toContain("only agents do");
    const missing = await say(house, "smith", share(1, sha256, "none"));
    expect(missing.answer?.error).toContain("tool.json: it is not there");
    const { id } = await say(house, "smith", share(1, sha256));
    const second = await say(house, "smith", share(1, sha256));
    expect(second.answer?.error).toContain(`waits for people already: ${id}`);
  });
});

/** Everything that a crash may leave different. */
const stateOf = (house: Household): unknown => ({
  ...(house.state() as object),
  pointer: shared(house).pointer("fib"),
  used: used(house),
});

describe.each(["approve", "rollback", "unshare"] as const)("%s", { timeout: 120_000 }, (what) => {
  async function prepared() {
    const house = makeHousehold([smith]);
    const first = forge(house, "smith", made("fib", "one"));
    const { id } = await say(house, "smith", share(1, first.sha256));
    const approve = { verb: "approve", approval: id, why: "" };
    if (what !== "approve") await say(house, "root", approve);
    const words = {
      approve,
      rollback: { verb: "rollback", proposal: id },
      unshare: { verb: "unshare_tool", tool: "fib" },
    };
    return { house, word: words[what] };
  }

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
    // The old one whole, the new one whole, or none: never half a version in use.
    expect([[1, "one"], "there is no shared.fib", "shared.fib is shared no more"]).toContainEqual(
      used(house),
    );
    expect(await serve(worldAs(house, "root"), parse)).toBe(exit.ok);
    return { house, steps: tries };
  }

  test("killed at every step it is done in the end, once", async () => {
    const before = await prepared();
    const whole = await killedAt(Number.POSITIVE_INFINITY, before);
    expect(whole.steps).toBeGreaterThan(5);
    // Every step of the same way is cut in propose.test.ts; here that the pointer comes last, and goes first.
    const stride = what === "unshare" ? 1 : 5;
    for (let last = 1; last <= whole.steps; last += stride) {
      const { house } = await killedAt(last, before);
      const answers = answersIn(house.places).map(({ status }) => status);
      expect([last, answers]).toEqual([last, answers.map(() => "done")]);
      expect([last, stateOf(house)]).toEqual([last, stateOf(whole.house)]);
    }
  });
});
