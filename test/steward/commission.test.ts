/** Commission, amend, grant, retire: through the whole steward, and killed at each step. */
import { existsSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readCommissions } from "../../src/host/commissions.ts";
import { submit } from "../../src/steward/ask.ts";
import { createParser } from "../../src/steward/request.ts";
import { serve } from "../../src/steward/serve.ts";
import type { StewardAnswer } from "../../src/steward/types.ts";
import { exit } from "../../src/system/errors.ts";
import { type Household, makeHousehold, scribe, type WorldParts, wish } from "./household.ts";
import { Crash, mortal, quickDisk } from "./mortal.ts";
import { answersIn } from "./support.ts";

const parse = createParser();

async function ask(
  house: Household,
  request: object,
  parts: WorldParts = {},
): Promise<StewardAnswer | null> {
  const { id } = submit(quickDisk, wish(request), { places: house.places });
  expect(await serve(house.world(parts), parse)).toBe(exit.ok);
  return answersIn(house.places).find((one) => one.id === id) ?? null;
}

const commission = { verb: "commission", manifest: scribe };
const manifestOf = (house: Household, name: string): string =>
  readFileSync(join(house.places.configuration, "agents.d", `${name}.yaml`), "utf8");

test("commission: files, record, deployment; the manifest keeps its text and says who asked", async () => {
  const house = makeHousehold();
  const answer = await ask(house, { ...commission, instructions: "Write well." }, { as: "admin" });
  expect(answer).toMatchObject({ status: "done", undo: "con agent remove scribe" });
  expect(manifestOf(house, "scribe")).toMatch(
    /^name: scribe[^#]*# Commissioned by a-admin, \S+ request/,
  );
  expect(manifestOf(house, "scribe").startsWith(scribe)).toBe(true);
  const file = join(house.places.configuration, "agents.d/scribe.md");
  expect(readFileSync(file, "utf8")).toBe("Write well.");
  expect(readCommissions(house.places.commissions).get("scribe")).toMatchObject({
    by: { agent: "admin" },
    retired: null,
  });
  expect(house.deployed.has("scribe")).toBe(true);
});

test.each([
  ["x;id", "name"],
  ["../x", "name"],
  ["Scribe", "name"],
  ["a b", "name"],
])("a name like %s is refused with its line, and nothing changes", async (name, key) => {
  const house = makeHousehold();
  const before = house.state();
  const manifest = scribe.replace("name: scribe", `name: ${JSON.stringify(name)}`);
  const answer = await ask(house, { verb: "commission", manifest });
  expect(answer?.status).toBe("refused");
  expect(answer?.error).toContain(`manifest:1:7: ${key}: `);
  expect(house.state()).toEqual(before);
});

test("problems come with line and key, of this manifest only", async () => {
  const house = makeHousehold(["name: broken\ntier: worker\n"]);
  const manifest = `${scribe}limits: {memory: lots}\nschedule: 3\n`;
  const answer = await ask(house, { verb: "commission", manifest });
  expect(answer?.error).toContain("scribe.yaml:5:");
  expect(answer?.error).toContain("limits.memory");
  expect(answer?.error).not.toContain("broken");
  const role = await ask(house, { verb: "commission", manifest: `${scribe}roles: [nobody]\n` });
  expect(role?.error).toContain("there is no role nobody");
});

test("what bootstrap is not content with is taken back whole", async () => {
  const house = makeHousehold();
  const before = house.state();
  const trouble = (): string => "packet rules: refused";
  const answer = await ask(house, commission, { trouble });
  expect(answer).toMatchObject({ status: "failed", error: "packet rules: refused" });
  expect(house.state()).toEqual(before);
  expect(readCommissions(house.places.commissions).size).toBe(0);
});

test("an agent whose end the machine refuses is there as before", async () => {
  const house = makeHousehold([scribe]);
  const before = house.state();
  const trouble = (): string => "con.yaml has to be corrected first";
  const answer = await ask(house, { verb: "retire", agent: "scribe" }, { trouble });
  expect(answer).toMatchObject({ status: "failed", error: expect.stringContaining("corrected") });
  expect(house.state()).toEqual(before);
  expect(house.archived).toEqual([]);
});

test("a name that is taken, was retired, or has data left is not given to an agent again", async () => {
  const house = makeHousehold();
  await ask(house, commission);
  const twice = await ask(house, commission, { as: "admin" });
  expect(twice?.error).toContain("there is one of that name");
  await ask(house, { verb: "retire", agent: "scribe" });
  const again = await ask(house, commission, { as: "admin" });
  expect(again?.error).toContain("there was one of that name");
  house.data.add("left");
  const manifest = scribe.replace("name: scribe", "name: left");
  const left = await ask(house, { verb: "commission", manifest }, { as: "admin" });
  expect(left?.error).toContain("data of an earlier one");
  expect((await ask(house, commission))?.status).toBe("done");
});

describe("an agent may", () => {
  test("not go beyond its ceiling: that waits for a person", async () => {
    const house = makeHousehold();
    const before = house.state();
    const manifest = scribe.replace("pub/x", "secret").replace("worker", "officer");
    const answer = await ask(house, { verb: "commission", manifest }, { as: "admin" });
    expect(answer).toBeNull();
    expect(house.state()).toEqual(before);
  });

  test("not ask for a verb that its manifest does not name, nor does one that is gone", async () => {
    const house = makeHousehold();
    for (const [as, request] of [
      ["desk", commission],
      ["admin", { verb: "install", packages: ["jq"] }],
      ["admin", { verb: "halt", scope: "agents" }],
      ["gone", commission],
    ] as const) {
      const answer = await ask(house, request, { as });
      expect(answer?.error).toContain("its may.request does not name it");
    }
    expect(house.deployed.has("scribe")).toBe(false);
  });

  test("amend and retire only what it commissioned", async () => {
    const house = makeHousehold([scribe]);
    const amended = { verb: "amend", agent: "scribe", manifest: scribe };
    for (const request of [
      amended,
      { verb: "retire", agent: "scribe" },
      { verb: "grant", agent: "desk", can: { tools: ["shell"] } },
      { verb: "revoke", agent: "admin", can: { tools: ["shell"] } },
    ]) {
      const answer = await ask(house, request, { as: "admin" });
      expect(answer?.error).toContain("it did not commission it");
    }
    const own = scribe.replace("name: scribe", "name: own");
    await ask(house, { verb: "commission", manifest: own }, { as: "admin" });
    const better = own.replace("Writes", "Writes well");
    const request = { verb: "amend", agent: "own", manifest: better };
    expect((await ask(house, request, { as: "admin" }))?.status).toBe("done");
    expect(house.deployed.get("own")).toBe(better);
    const gone = await ask(house, { verb: "retire", agent: "own" }, { as: "admin" });
    expect(gone?.status).toBe("done");
    expect([house.deployed.has("own"), house.data.has("own")]).toEqual([false, false]);
  });

  test("not let go what somebody else stopped", async () => {
    const house = makeHousehold();
    await ask(house, commission, { as: "admin" });
    await ask(house, { verb: "pause", agent: "scribe" });
    const answer = await ask(house, { verb: "resume", agent: "scribe" }, { as: "admin" });
    expect(answer?.error).toContain("root stopped it");
  });
});

test("grant and revoke change the lists and keep comments", async () => {
  const house = makeHousehold();
  const manifest = `${scribe.replace("tier: worker", "tier: worker # the least")}`;
  await ask(house, { verb: "commission", manifest }, { as: "admin" });
  const can = { read: ["/srv/con/artifacts/in/**"], tools: ["read_file", "write_file"] };
  expect((await ask(house, { verb: "grant", agent: "scribe", can }, { as: "admin" }))?.status).toBe(
    "done",
  );
  expect(manifestOf(house, "scribe")).toContain("tier: worker # the least");
  expect(manifestOf(house, "scribe")).toMatch(/tools: \[\s*write_file, read_file\s*\]/);
  const back = { read: ["/srv/con/artifacts/in"], tools: ["write_file"] };
  await ask(house, { verb: "revoke", agent: "scribe", can: back }, { as: "admin" });
  expect(manifestOf(house, "scribe")).not.toContain("artifacts/in");
  expect(manifestOf(house, "scribe")).not.toContain("write_file");
  const beyond = { verb: "grant", agent: "scribe", can: { network: ["example.org:443"] } };
  expect(await ask(house, beyond, { as: "admin" })).toBeNull();
  expect(manifestOf(house, "scribe")).not.toContain("example.org");
});

test("retire: archived, others may no longer task it, the front desk stays", async () => {
  const friend = "name: friend\ndescription: x\ntier: worker\ncan: {task: [scribe, desk]}\n";
  const house = makeHousehold([friend, scribe]);
  const answer = await ask(house, { verb: "retire", agent: "scribe" });
  expect(answer?.status).toBe("done");
  expect(manifestOf(house, "friend")).toContain("task: [ desk ]");
  expect([...house.deployed.keys()].sort()).toEqual(["admin", "desk", "friend"]);
  expect(house.archived).toHaveLength(1);
  expect((await ask(house, { verb: "retire", agent: "desk" }))?.error).toContain("front desk");
  expect((await ask(house, { verb: "retire", agent: "nobody" }))?.error).toContain("no such agent");
});

const matrix: readonly (readonly [string, object, boolean])[] = [
  ["commission", { ...commission, instructions: "x" }, false],
  ["retire", { verb: "retire", agent: "scribe" }, true],
  ["amend", { verb: "amend", agent: "scribe", manifest: scribe.replace("Writes", "Reads") }, true],
  ["grant", { verb: "grant", agent: "scribe", can: { tools: ["read_file"] } }, true],
];

interface Run {
  readonly house: Household;
  readonly first: number | null;
  readonly steps: number;
}

/** Dies at the `last`-th step; then whatever `between` does happens, and a new steward comes. */
async function runWith(
  request: object,
  there: boolean,
  last: number,
  between: (house: Household, id: string) => void = () => undefined,
): Promise<Run> {
  const house = makeHousehold(there ? [scribe] : []);
  const { id } = submit(quickDisk, wish(request), { places: house.places });
  const { disk, step, steps } = mortal(last, () => new Crash());
  const first = await serve(house.world({ disk, step }), parse).catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
    return null;
  });
  between(house, id);
  expect(await serve(house.world(), parse)).toBe(exit.ok);
  return { house, first, steps: steps() };
}

/** Some sixty stewards each. */
describe.each(matrix)("%s", { timeout: 60_000 }, (_, request, there) => {
  test("killed at every step it is done in the end, once", async () => {
    const whole = await runWith(request, there, Number.POSITIVE_INFINITY);
    expect(whole.steps).toBeGreaterThan(20);
    for (let last = 1; last <= whole.steps; last += 1) {
      const { house, first } = await runWith(request, there, last);
      expect([last, first]).toEqual([last, null]);
      expect([last, house.state()]).toEqual([last, whole.house.state()]);
      const answers = answersIn(house.places).map(({ status }) => status);
      expect([last, answers]).toEqual([last, ["done"]]);
    }
  });

  test("killed at every step, and the request taken away: all or nothing", async () => {
    const nothing = makeHousehold(there ? [scribe] : []).state();
    const whole = await runWith(request, there, Number.POSITIVE_INFINITY);
    const all = whole.house.state();
    const takeAway = ({ places }: Household, id: string): void => {
      const path = join(places.inbox, `${id}.json`);
      if (existsSync(path)) unlinkSync(path);
    };
    const seen = new Set<string>();
    for (let last = 1; last <= whole.steps; last += 1) {
      const { house } = await runWith(request, there, last, takeAway);
      const state = JSON.stringify(house.state());
      expect([last, [JSON.stringify(nothing), JSON.stringify(all)]]).toEqual([
        last,
        expect.arrayContaining([state]),
      ]);
      seen.add(state);
    }
    expect(seen.size).toBe(2);
  });
});

test("a note that is damaged began nothing", async () => {
  const house = makeHousehold();
  const before = house.state();
  writeFileSync(join(house.places.changes, "scribe.json"), '{"version":1,"id":"');
  expect(await serve(house.world(), parse)).toBe(exit.ok);
  expect(house.state()).toEqual(before);
});
