/** Records of temporary agents: how they are read, laid over a configuration, and planned. */
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noHolds } from "../../../src/config/holds.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type {
  AgentRuntime,
  GatewayRuntime,
  HealthRuntime,
  SystemRuntime,
} from "../../../src/config/runtime.ts";
import { type Accepted, loadAccepted, saveAccepted } from "../../../src/host/accepted.ts";
import { noteReach, readReach } from "../../../src/host/children/reach.ts";
import { readSpawns } from "../../../src/host/children/read.ts";
import type { Spawn } from "../../../src/host/children/types.ts";
import { worldOf } from "../../../src/host/children/world.ts";
import { layChildren } from "../../../src/host/children.ts";
import { laterOf } from "../../../src/host/expiry.ts";
import type { DirectoryFact, Fact } from "../../../src/host/facts.ts";
import { parsePeople } from "../../../src/host/ids.ts";
import { viewsOf } from "../../../src/host/plan/views.ts";
import { plan } from "../../../src/host/plan.ts";
import type { World } from "../../../src/host/world.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import { child, order, place, spawn } from "./records.ts";

const now = Date.parse("2027-01-31T09:00:00Z");
const end = Date.parse("2027-01-31T12:00:00Z");
const registry = { boss: 20_001, desk: 20_000 };

const boss = [
  "name: boss",
  "tier: operator",
  "description: d",
  "budget: {tokens_per_task: 500}",
  "can:",
  "  write: [{/srv/con/artifacts/out: {until: 2027-01-31T12:00:00Z}}]",
  "  network: ['192.0.2.7:443']",
  "  tools: [shell]",
  "  spawn: {roles: [helper], depth: 2, live: 9}",
  "",
].join("\n");

const helper =
  "description: helps\ncan: {read: ['*'], write: ['*'], network: ['*'], tools: ['*'], spawn: {roles: [helper], depth: 5}}\n";

function accepted(manifest = boss, role: string | null = helper): Accepted {
  const { config, problems } = parseConfig({
    system: {
      path: "con.yaml",
      text: "system: {front_desk: desk}\nmodels: {fast: [builtin/reflex], smart: [builtin/reflex]}\n",
    },
    agents: [
      { path: "agents.d/desk.yaml", text: "name: desk\ntier: operator\ndescription: d\n" },
      { path: "agents.d/boss.yaml", text: manifest },
    ],
    roles: role === null ? [] : [{ path: "roles/helper/role.yaml", text: role }],
  });
  if (config === null) throw new Error(JSON.stringify(problems));
  return {
    version: 1,
    world: {
      config,
      deployed: [],
      registry,
      gids: { agents: 19_990, trusted: 19_991, "con-gateway": 19_992 },
      gatewayUid: 19_992,
      people: parsePeople("", ""),
      assembled: new Map(
        config.agents.map(({ name }) => [name, { text: `# ${name}\n`, skills: [] }]),
      ),
      bells: new Set(),
      inotifyLimit: 128,
      credentials: new Set(),
      network: { usable: true, addresses: new Map(), resolvers: [] },
      contracts: new Map([["a.yaml", Buffer.from([0, 255])]]),
    },
    roles: new Map([
      [
        "helper",
        {
          text: "# helper\n",
          skills: [
            {
              name: "s",
              description: "d",
              category: null,
              allowedTools: [],
              files: new Map([["SKILL.md", Buffer.from("x")]]),
            },
          ],
        },
      ],
    ]),
  };
}

const first = spawn({ places: [place({ child: child("spawn-aaaaaaaa", 60_601) })] });
const second = spawn({
  id: "20270131T090100Z-cccccccc",
  by: 60_601,
  parent: "spawn-aaaaaaaa",
  task: "task-of-spawn-aaaaaaaa",
  depth: 2,
  places: [place({ child: child("spawn-bbbbbbbb", 60_602) })],
});

const moment = (spawns: readonly Spawn[], of: Partial<World> = {}) => ({
  spawns,
  now,
  formerGrants: new Set<string>(),
  holds: noHolds,
  people: parsePeople("", ""),
  ...of,
});

const worldWith = (spawns: readonly Spawn[], base = accepted()): World =>
  worldOf(base, moment(spawns)).world;

const laid = (spawns: readonly Spawn[], base = accepted()) =>
  layChildren(base.world.config, { spawns, registry, now });
const namesIn = (spawns: readonly Spawn[], base = accepted()): string[] => [
  ...laid(spawns, base).children.keys(),
];

describe("who is laid over the configuration", () => {
  test("children and children of children, whatever the order of the records", () => {
    expect(namesIn([second, first])).toEqual(["spawn-aaaaaaaa", "spawn-bbbbbbbb"]);
    const { config, uids, orphans } = laid([second, first]);
    expect(config.agents.map(({ name }) => name)).toContain("spawn-bbbbbbbb");
    expect(uids).toEqual({ "spawn-aaaaaaaa": 60_601, "spawn-bbbbbbbb": 60_602 });
    expect(orphans.size).toBe(0);
  });

  test.each<[string, readonly Spawn[], Accepted]>([
    ["a parent without a manifest", [{ ...first, parent: "nobody" }], accepted()],
    ["a parent with another uid", [{ ...first, by: 20_000 }], accepted()],
    ["a parent that may not spawn", [first], accepted(boss.replace(/ {2}spawn.*\n/, ""))],
    [
      "a role that has no role.yaml any more",
      [first],
      accepted(boss.replace("[helper]", "[helper, x]"), null),
    ],
    [
      "a role that the parent may not make",
      [
        {
          ...first,
          places: [place({ order: order({ role: "x" }), child: child("spawn-aaaaaaaa", 60_601) })],
        },
      ],
      accepted(),
    ],
    ["a depth that is not its parent's and one", [{ ...first, depth: 2 }], accepted()],
    [
      "a result already",
      [
        {
          ...first,
          places: [
            place({
              child: child("spawn-aaaaaaaa", 60_601),
              result: { status: "done", text: "", attempts: 1, firstError: null },
            }),
          ],
        },
      ],
      accepted(),
    ],
    [
      "a first attempt that failed",
      [{ ...first, places: [place({ child: child("spawn-aaaaaaaa", 60_601), firstError: "x" })] }],
      accepted(),
    ],
  ])("not with %s: then it is an orphan", (_, spawns, base) => {
    expect(namesIn(spawns, base)).toEqual([]);
    expect([...laid(spawns, base).orphans]).toEqual(["spawn-aaaaaaaa"]);
  });

  test("nobody below one that is left out", () => {
    const { children, orphans } = layChildren(accepted().world.config, {
      ...{ spawns: [first, second], registry, now },
      without: new Set(["spawn-aaaaaaaa"]),
    });
    expect(children.size).toBe(0);
    expect([...orphans]).toEqual(["spawn-aaaaaaaa", "spawn-bbbbbbbb"]);
  });

  test.each([
    ["uid", child("spawn-cccccccc", 60_601)],
    ["name", child("spawn-aaaaaaaa", 60_603)],
  ])("neither of two with the same %s, and it is told", (_, other) => {
    const twin = { ...first, id: "20270131T090200Z-dddddddd", places: [place({ child: other })] };
    expect(namesIn([first, twin])).toEqual([]);
    expect(laid([first, twin]).findings).toHaveLength(2);
  });

  test("what a parent loses is lost at every depth", () => {
    const before = worldWith([first, second]).config.agents.map(({ can }) => can.write);
    expect(before.filter((list) => list.length > 0)).toHaveLength(3);
    const revoked = accepted(boss.replace(/ {2}write.*\n/, ""));
    const after = worldWith([first, second], revoked).config.agents;
    expect(after).toHaveLength(4);
    expect(after.every(({ can }) => can.write.length === 0)).toBe(true);
  });
});

const directory = (facts: readonly Fact[], path: string): DirectoryFact | undefined =>
  facts.find((fact): fact is DirectoryFact => fact.kind === "directory" && fact.path === path);
const entry = (facts: readonly Fact[], path: string, uid: number): number | null =>
  directory(facts, path)?.named.find(({ id }) => id === uid)?.perms ?? null;
const read = <T>(facts: readonly Fact[], end: string): T => {
  const found = facts.find((fact) => fact.kind === "file" && fact.path.endsWith(end));
  return JSON.parse(found?.kind === "file" ? String(found.content) : "null") as T;
};
const unitText = (facts: readonly Fact[], name: string): string => {
  const found = facts.find(
    (fact) => fact.kind === "file" && fact.path.includes(`con@${name}.service.d/50-agent`),
  );
  return found?.kind === "file" ? String(found.content) : "";
};

describe("what is planned for them", () => {
  const world = worldWith([first, second]);
  const { facts } = plan(world);

  test("what an agent gets, but a bell in place of a path unit, and a mark at its end", () => {
    const units = facts.flatMap((fact) => (fact.kind === "unit" ? fact.name : []));
    expect(units.filter((name) => name.includes("spawn-aaaaaaaa"))).toEqual([
      "con-bell@spawn-aaaaaaaa.socket",
    ]);
    expect(unitText(facts, "spawn-aaaaaaaa")).toContain(
      "ExecStopPost=+/usr/bin/touch /run/con/ended/spawn-aaaaaaaa\n",
    );
    expect(unitText(facts, "boss")).not.toContain("ExecStopPost");
    expect(entry(facts, "/srv/con/artifacts/out", 60_601)).toBe(7);
    const rules = facts.flatMap((fact) => (fact.kind === "rules" ? fact.text : "")).join("");
    expect(rules).toContain("meta skuid 60602 ip daddr 192.0.2.7 tcp dport 443 accept");
    expect(rules).toContain("meta skuid { 20000-59999, 60600-61099 } jump agents");
    expect(
      facts.some(
        (fact) => fact.kind === "file" && fact.path.endsWith("spawn-bbbbbbbb/skills/s/SKILL.md"),
      ),
    ).toBe(true);
  });

  test("graphics processors only where parent and role have them", () => {
    const gpu = { paths: ["/dev/nvidia0"], gids: [44] };
    const devices = (manifest: string, role: string) => {
      const from = accepted(manifest, role);
      const planned = plan(worldWith([first], { ...from, world: { ...from.world, gpu } })).facts;
      const { gpu: compiled } = read<AgentRuntime>(planned, "agents/spawn-aaaaaaaa.json");
      const hasNodes = unitText(planned, "spawn-aaaaaaaa").includes("DeviceAllow=/dev/nvidia0");
      return [hasNodes, unitText(planned, "spawn-aaaaaaaa").includes("44"), compiled ?? false];
    };
    const yes = "gpu: true\n";
    expect(devices(boss + yes, helper + yes)).toEqual([true, true, true]);
    for (const [parent, role] of [
      [boss + yes, helper],
      [boss, helper + yes],
      [boss, helper],
    ] as const)
      expect(devices(parent, role)).toEqual([false, false, false]);
  });

  test("no way to parent or sibling, and none from them", () => {
    for (const [path, uid] of [
      ["/srv/con/agents/boss/inbox", 60_601],
      ["/srv/con/agents/spawn-aaaaaaaa/inbox", 20_001],
      ["/srv/con/agents/spawn-bbbbbbbb/inbox", 60_601],
      ["/srv/con/agents/spawn-aaaaaaaa/outbox", 20_001],
    ] as const)
      expect(entry(facts, path, uid), path).toBeNull();
    // The steward puts its parent's word into its inbox.
    expect(read<AgentRuntime>(facts, "agents/spawn-aaaaaaaa.json").taskerUids).toEqual([20_001]);
  });

  test("the gateway charges every ancestor, each for the task that waits", () => {
    const { callers } = read<GatewayRuntime>(facts, "gateway.json");
    const payersOf = (name: string) => callers.find((one) => one.name === name)?.payers;
    expect(payersOf("boss")).toBeUndefined();
    expect(payersOf("spawn-bbbbbbbb")).toMatchObject([
      { uid: 60_601, name: "spawn-aaaaaaaa", task: "task-of-spawn-aaaaaaaa" },
      { uid: 20_001, name: "boss", task: first.task, budget: { tokensPerTask: 500 } },
    ]);
  });

  test("people see whose they are, and contracts do not look at them", () => {
    const { agents } = read<SystemRuntime>(facts, "system.json");
    expect(agents.map(({ name, parent, wake }) => [name, parent, wake])).toEqual([
      ["boss", undefined, "path"],
      ["desk", undefined, "path"],
      ["spawn-aaaaaaaa", "boss", "bell"],
      ["spawn-bbbbbbbb", "spawn-aaaaaaaa", "bell"],
    ]);
    const health = read<HealthRuntime>(facts, "health.json");
    expect(health.agents.map(({ name }) => name)).toEqual(["boss", "desk"]);
  });

  test("nothing at all is different when they are gone", () => {
    const without = plan(worldWith([])).facts;
    const paths = new Set(facts.flatMap((fact) => ("path" in fact ? fact.path : [])));
    expect(without.every((fact) => !("path" in fact) || paths.has(fact.path))).toBe(true);
    expect(JSON.stringify(without)).not.toContain("spawn-a");
    expect(JSON.stringify(without)).not.toContain("60601");
  });

  test("a grant that ends at the ancestor ends there at the same moment", () => {
    const [later] = laterOf(world, facts);
    expect(later?.at).toBe(end);
    const out = directory(later?.facts ?? [], "/srv/con/artifacts/out");
    expect(out?.named.filter(({ tag }) => tag === "user")).toEqual([]);
  });
});

let top = "";
beforeEach(() => {
  top = fs.mkdtempSync(join(tmpdir(), "con-children-"));
});
afterEach(() => fs.rmSync(top, { recursive: true }));

describe("records on disk", () => {
  const write = (name: string, text: string): void => fs.writeFileSync(join(top, name), text);

  test("are read in the order of their ids; none is none", () => {
    expect(readSpawns(join(top, "nowhere"))).toEqual({ spawns: [], findings: [] });
    write(`${second.id}.json`, JSON.stringify(second));
    write(`${first.id}.json`, JSON.stringify(first));
    write(".half.tmp-0123456789abcdef", "{");
    expect(readSpawns(top)).toEqual({ spawns: [first, second], findings: [] });
  });

  test.each<[string, unknown]>([
    ["no JSON", "{"],
    ["another version", { ...first, version: 2 }],
    ["the id of another file", { ...first, id: "other" }],
    ["a parent that is no name", { ...first, parent: "../boss" }],
    [
      "a child that is no such name",
      { ...first, places: [place({ child: child("boss", 60_601) })] },
    ],
    [
      "a child with a path for a name",
      { ...first, places: [place({ child: child("spawn-/x", 60_601) })] },
    ],
    [
      "an uid of other agents",
      { ...first, places: [place({ child: child("spawn-aaaaaaaa", 20_001) })] },
    ],
    ["root's uid", { ...first, places: [place({ child: child("spawn-aaaaaaaa", 0) })] }],
    ["too deep", { ...first, depth: 6 }],
    ["no deadline", { ...first, deadline: "soon" }],
    [
      "a list that is none",
      { ...first, places: [place({ order: order({ can: { write: "x" as never } }) })] },
    ],
  ])("%s is reported and counts for nothing", (_, value) => {
    write(`${first.id}.json`, typeof value === "string" ? value : JSON.stringify(value));
    const { spawns, findings } = readSpawns(top);
    expect(spawns).toEqual([]);
    expect(findings).toMatchObject([{ what: join(top, `${first.id}.json`) }]);
  });

  test("a link in place of one is not followed", () => {
    write("elsewhere", JSON.stringify(first));
    fs.symlinkSync(join(top, "elsewhere"), join(top, `${first.id}.json`));
    expect(readSpawns(top)).toMatchObject({ spawns: [], findings: [{}] });
  });
});

test("what was accepted comes back as it was, bytes, maps and sets included", () => {
  const path = join(top, "accepted.json");
  const value = accepted();
  saveAccepted(nodeDisk, value, path);
  expect(loadAccepted(path)).toEqual(value);
  expect(fs.statSync(path).mode & 0o777).toBe(0o600);
  const before = fs.statSync(path).ino;
  saveAccepted(nodeDisk, value, path);
  expect(fs.statSync(path).ino).toBe(before);
  const again = worldOf(loadAccepted(path), moment([first])).world;
  expect(plan(again).facts).toEqual(plan(worldWith([first])).facts);
});

test.each(["", "{", '{"version":2}', "null"])(
  "what was accepted is not guessed from %j",
  (text) => {
    const path = join(top, "accepted.json");
    if (text !== "") fs.writeFileSync(path, text);
    expect(() => loadAccepted(path)).toThrow("run con bootstrap as root");
  },
);

test("where a child could write is kept when its grant is taken away", () => {
  const note = (world: World): void => noteReach(nodeDisk, world, viewsOf(world), top);
  note(worldWith([first]));
  note(worldWith([first], accepted(boss.replace(/ {2}write.*\n/, ""))));
  expect(readReach("spawn-aaaaaaaa", top)).toMatchObject({ shared: ["/srv/con/artifacts/out"] });
  expect(readReach("boss", top)).toBeNull();
  fs.writeFileSync(join(top, "spawn-aaaaaaaa.json"), "{");
  expect(() => readReach("spawn-aaaaaaaa", top)).toThrow("it is damaged");
});
