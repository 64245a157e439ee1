/** Grants that end and grants that are taken back: what is planned, promised and found again. */
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noHolds } from "../../src/config/holds.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { grantedDirectories, laterOf } from "../../src/host/expiry.ts";
import type { DirectoryFact, Fact } from "../../src/host/facts.ts";
import { parsePeople } from "../../src/host/ids.ts";
import { plan } from "../../src/host/plan.ts";
import { assignUids } from "../../src/host/registry.ts";
import { keyOf, loadSnapshot, saveSnapshot } from "../../src/host/snapshot.ts";
import type { World } from "../../src/host/world.ts";
import { nodeDisk } from "../../src/system/disk.ts";

const first = Date.parse("2027-01-31T09:00:00Z");
const second = Date.parse("2027-01-31T09:00:00.250Z");

const bounded = [
  "name: temp",
  "tier: worker",
  "description: d",
  "can:",
  "  task: [{desk: {until: 2027-01-31T09:00:00Z}}]",
  "  read: [/srv/con/artifacts/in]",
  "  write: [{/srv/con/artifacts/out: {until: 2027-01-31T09:00:00Z}}]",
  "  network: [{'192.0.2.7:443': {until: 2027-01-31T09:00:00.250Z}}]",
  "  tools: [{shell: {until: 2027-01-31T09:00:00Z, uses: 3}}, read_file]",
  "",
].join("\n");

const desk = "name: desk\ntier: operator\ndescription: d\n";
const uid = 20_001;

function world(change: Partial<World> = {}, temp = bounded): World {
  const { config, problems } = parseConfig({
    system: {
      path: "con.yaml",
      text: "system: {front_desk: desk}\nmodels: {fast: [builtin/reflex], smart: [builtin/reflex]}\n",
    },
    agents: [
      { path: "agents.d/desk.yaml", text: desk },
      { path: "agents.d/temp.yaml", text: temp },
    ],
  });
  if (config === null || problems.length > 0) throw new Error(JSON.stringify(problems));
  const people = parsePeople("", "");
  return {
    config,
    now: first - 1,
    children: new Map(),
    formerGrants: new Set(),
    deployed: [],
    registry: assignUids({}, ["desk", "temp"], people),
    gids: { agents: 19_990, trusted: 19_991, "con-gateway": 19_992 },
    gatewayUid: 19_992,
    people,
    assembled: new Map(["desk", "temp"].map((name) => [name, { text: `# ${name}\n`, skills: [] }])),
    bells: new Set(),
    inotifyLimit: 128,
    credentials: new Set(),
    network: { usable: true, addresses: new Map(), resolvers: [] },
    holds: noHolds,
    contracts: new Map([["a.yaml", Buffer.from([0, 255])]]),
    ...change,
  };
}

const entryIn = (facts: readonly Fact[], path: string): number | null => {
  const found = facts.find(
    (fact): fact is DirectoryFact => fact.kind === "directory" && fact.path === path,
  );
  return found?.named.find(({ id }) => id === uid)?.perms ?? null;
};
const rulesOf = (facts: readonly Fact[]): string =>
  facts.map((fact) => (fact.kind === "rules" ? fact.text : "")).join("");
const fileOf = (facts: readonly Fact[], end: string): string | null => {
  const found = facts.find((fact) => fact.kind === "file" && fact.path.endsWith(end));
  return found?.kind === "file" ? String(found.content) : null;
};

/** Everything by which the kernel lets `temp` do what ends. */
const held = (facts: readonly Fact[]) => ({
  inbox: entryIn(facts, "/srv/con/agents/desk/inbox"),
  out: entryIn(facts, "/srv/con/artifacts/out"),
  in: entryIn(facts, "/srv/con/artifacts/in"),
  rule: rulesOf(facts).includes(`skuid ${uid} ip daddr 192.0.2.7 tcp dport 443`),
  mount: fileOf(facts, "con@temp.service.d/50-agent.conf")?.includes("artifacts/out") ?? false,
  net: fileOf(facts, "con@temp.service.d/50-agent.conf")?.includes("PrivateNetwork=no") ?? false,
  tasker: fileOf(facts, "agents/desk.json")?.includes(`"taskerUids":[${uid}]`) ?? false,
  tools: (JSON.parse(fileOf(facts, "agents/temp.json") ?? "{}") as { can: { tools: string[] } }).can
    .tools,
});

const before = {
  inbox: 7,
  out: 7,
  in: 5,
  rule: true,
  mount: true,
  net: true,
  tasker: true,
  tools: ["shell", "read_file"],
};
const between = {
  ...before,
  inbox: null,
  out: null,
  mount: false,
  tasker: false,
  tools: ["read_file"],
};
const after = { ...between, rule: false, net: false };

test("a grant that ended is in no fact any more, and the others are", () => {
  const former = { formerGrants: new Set(["/srv/con/artifacts/out"]) };
  expect(held(plan(world()).facts)).toEqual(before);
  expect(held(plan(world({ now: first, ...former })).facts)).toEqual(between);
  expect(held(plan(world({ now: second, ...former })).facts)).toEqual(after);
});

test("the runner still learns when it ended", () => {
  const runtime = JSON.parse(fileOf(plan(world({ now: second })).facts, "agents/temp.json") ?? "");
  expect(runtime.constraints).toEqual({
    tools: { shell: { perMinute: null, uses: 3, until: first } },
    until: {
      "task:desk": first,
      "write:/srv/con/artifacts/out": first,
      "network:192.0.2.7:443": second,
    },
  });
});

test("a timer has every moment, never before the end, and none where nothing ends", () => {
  const timer = (facts: readonly Fact[]) =>
    fileOf(facts, "con-expiry.timer.d/50-ends.conf")?.match(/^OnCalendar=.*$/gm) ?? null;
  expect(timer(plan(world()).facts)).toEqual([
    "OnCalendar=2027-01-31 09:00:00 UTC",
    "OnCalendar=2027-01-31 09:00:01 UTC",
    "OnCalendar=2027-01-31 09:00:30 UTC",
    "OnCalendar=2027-01-31 09:00:31 UTC",
  ]);
  expect(timer(plan(world({ now: first })).facts)?.[0]).toBe("OnCalendar=2027-01-31 09:00:01 UTC");
  expect(timer(plan(world({ now: second })).facts)).toBeNull();
});

test("what was promised says by itself what is promised later", () => {
  const directory = fs.mkdtempSync(join(tmpdir(), "con-expiry-"));
  try {
    const start = world();
    const { facts } = plan(start);
    const path = join(directory, "snapshot.json");
    const whole = {
      version: 1,
      facts,
      later: laterOf(start, facts),
      people: [],
      tiers: {},
    } as const;
    saveSnapshot(nodeDisk, whole, path);
    const at = (now: number) => loadSnapshot(path, now).facts;
    expect(at(first - 1)).toEqual(facts);
    for (const now of [first, second]) {
      const formerGrants = new Set(grantedDirectories(facts));
      const wanted = plan({ ...start, now, formerGrants }).facts;
      expect(at(now).map(keyOf).sort()).toEqual(wanted.map(keyOf).sort());
      for (const fact of wanted)
        expect(
          at(now).find((one) => keyOf(one) === keyOf(fact)),
          keyOf(fact),
        ).toEqual(fact);
    }
    expect(held(at(first))).toEqual(between);
    expect(held(at(second))).toEqual(after);
    // Only what differs is kept twice.
    expect(whole.later.map((one) => one.facts.length)).toEqual([
      expect.any(Number),
      expect.any(Number),
    ]);
    expect(whole.later.every((one) => one.facts.length < 12)).toBe(true);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

test("who loses one of two grants loses its entry, though the way to the other stays open", () => {
  const two = bounded.replace(
    / {2}write:.*\n/,
    "  write: [/srv/con/artifacts/in, /srv/con/artifacts/out]\n",
  );
  const one = bounded.replace(/ {2}write:.*\n/, "  write: [/srv/con/artifacts/in]\n");
  const { facts } = plan(world({}, two));
  expect(entryIn(facts, "/srv/con/artifacts/out")).toBe(7);
  const formerGrants = new Set(grantedDirectories(facts));
  const revoked = plan(world({ formerGrants }, one)).facts;
  expect(entryIn(revoked, "/srv/con/artifacts/in")).toBe(7);
  const fact = revoked.find((found) => keyOf(found) === "path /srv/con/artifacts/out");
  expect(fact).toMatchObject({ deep: true, named: [{ tag: "group" }] });
  expect(JSON.stringify(fact)).not.toContain(String(uid));
});
