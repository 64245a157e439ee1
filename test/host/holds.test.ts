import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Hold, type Holds, holdOf, noHolds, readHolds } from "../../src/config/holds.ts";
import { gatherContracts } from "../../src/host/contracts.ts";
import type { DirectoryFact, Fact, FileFact, UnitFact } from "../../src/host/facts.ts";
import { withHolds } from "../../src/host/holds.ts";
import { factKinds, kindOf } from "../../src/host/kinds.ts";
import { keyOf, loadSnapshot, promised, saveSnapshot } from "../../src/host/snapshot.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { ConError } from "../../src/system/errors.ts";

const hold = (kind: Hold["kind"]): Hold => ({
  version: 1,
  kind,
  at: "2026-01-01T00:00:00.000Z",
  by: { uid: 0, name: "root" },
  why: "a test",
  incident: null,
});

const unit = (name: string, agent: string | null): UnitFact => ({
  kind: "unit",
  name,
  agent,
  wanted: "active",
});

const inbox = (agent: string): DirectoryFact => ({
  kind: "directory",
  path: `/srv/con/agents/${agent}/inbox`,
  uid: 20_000,
  gid: 20_000,
  mode: 0o3770,
  named: [{ tag: "user", id: 20_001, perms: 7 }],
  inherit: null,
  deep: false,
});

const file = (path: string, content: string | Uint8Array): FileFact => ({
  kind: "file",
  path,
  uid: 0,
  gid: 0,
  mode: 0o644,
  content,
});

const facts: Fact[] = [
  inbox("desk"),
  inbox("hand"),
  { ...inbox("desk"), path: "/srv/con/inbox" },
  { kind: "fifo", path: "/run/con/bell/hand", mode: 0o600, named: [] },
  unit("con-gateway.socket", null),
  unit("con@desk.path", "desk"),
  unit("con-bell@hand.socket", "hand"),
  unit("con@hand.timer", "hand"),
];
const tierOf = (agent: string): string => (agent === "hand" ? "worker" : "operator");
const lay = (change: Partial<Holds>): Fact[] => withHolds(facts, { ...noHolds, ...change }, tierOf);
const stopped = (laid: readonly Fact[]): string[] =>
  laid.flatMap((fact) => (fact.kind === "unit" && fact.wanted === "inactive" ? fact.name : []));

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), "con-holds-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("without holds the facts are as they were planned", () => {
  expect(lay({})).toEqual(facts);
});

test("a paused agent wakes for nothing and still gets tasks", () => {
  const laid = lay({ agents: new Map([["hand", hold("paused")]]) });
  expect(stopped(laid)).toEqual(["con-bell@hand.socket", "con@hand.timer", "con@hand.service"]);
  expect(laid.filter(({ kind }) => kind === "fifo")).toEqual([]);
  expect(laid).toContainEqual(inbox("hand"));
});

test("a quarantined agent gets no tasks either; people's own inbox stays open", () => {
  const laid = lay({ agents: new Map([["desk", hold("quarantined")]]) });
  expect(stopped(laid)).toEqual(["con@desk.path", "con@desk.service"]);
  expect(laid).toContainEqual({ ...inbox("desk"), named: [] });
  expect(laid).toContainEqual({ ...inbox("desk"), path: "/srv/con/inbox" });
});

test("halting workers leaves the others, halting agents leaves the system's own units", () => {
  expect(stopped(lay({ allWorkers: hold("halted") }))).not.toContain("con@desk.path");
  const all = stopped(lay({ allAgents: hold("halted") }));
  expect(all).toContain("con@desk.path");
  expect(all).not.toContain("con-gateway.socket");
});

test("the weightiest hold is the one that counts", () => {
  const holds: Holds = {
    agents: new Map([
      ["desk", hold("paused")],
      ["hand", hold("quarantined")],
    ]),
    allWorkers: null,
    allAgents: hold("halted"),
  };
  expect(holdOf(holds, { name: "desk", tier: "operator" })?.kind).toBe("halted");
  expect(holdOf(holds, { name: "hand", tier: "worker" })?.kind).toBe("quarantined");
  expect(holdOf(noHolds, { name: "desk", tier: "operator" })).toBeNull();
});

test("a damaged note still holds, foreign names are passed over", () => {
  const directory = temporary();
  writeFileSync(join(directory, "desk.json"), '{"version":1,"kind":"quar');
  writeFileSync(join(directory, "hand.json"), JSON.stringify(hold("quarantined")));
  writeFileSync(join(directory, "_agents.json"), JSON.stringify(hold("halted")));
  writeFileSync(join(directory, ".desk.json.tmp-00"), "{}");
  const holds = readHolds(directory);
  expect([...holds.agents].map(([name, { kind }]) => [name, kind])).toEqual([
    ["desk", "paused"],
    ["hand", "quarantined"],
  ]);
  expect(holds.allAgents?.kind).toBe("halted");
  expect(readHolds(join(directory, "none"))).toEqual(noHolds);
});

test("a snapshot gives back every fact, bytes that are no text included", () => {
  const path = join(temporary(), "snapshot.json");
  const whole = [...facts, file("/a", "text"), file("/b", Buffer.from([0, 255, 10]))];
  const tiers = { desk: "operator" };
  saveSnapshot(nodeDisk, { version: 1, facts: whole, people: [], tiers }, path);
  const back = loadSnapshot(path);
  expect(back.tiers).toEqual(tiers);
  expect(back.facts.slice(0, facts.length)).toEqual(facts);
  const contents = back.facts.flatMap((fact) => (fact.kind === "file" ? [fact.content] : []));
  expect(contents[0]).toBe("text");
  expect([...(contents[1] ?? [])]).toEqual([0, 255, 10]);
});

test("what was promised is told from what the configuration wants only now", () => {
  const path = join(temporary(), "snapshot.json");
  const whole = [file("/b", Buffer.from([0, 255])), unit("con@desk.path", "desk")];
  saveSnapshot(nodeDisk, { version: 1, facts: whole, people: [], tiers: {} }, path);
  const was = promised(loadSnapshot(path));
  expect(was(file("/b", Buffer.from([0, 255])))).toBe(true);
  expect(was(file("/b", Buffer.from([0, 254])))).toBe(false);
  expect(was(file("/c", ""))).toBe(false);
  expect(was({ ...unit("con@desk.path", "desk"), wanted: "inactive" })).toBe(true);
});

test.each([
  ["missing", null],
  ["cut", '{"version":1,"facts":['],
  ["of another version", '{"version":2,"facts":[],"people":[]}'],
])("a snapshot that is %s is refused, not guessed", (_what, text) => {
  const path = join(temporary(), "snapshot.json");
  if (text !== null) writeFileSync(path, text);
  expect(() => loadSnapshot(path)).toThrow(ConError);
});

test("every fact has one kind and one key", () => {
  expect(facts.map(kindOf)).toEqual([
    "directories",
    "directories",
    "directories",
    "units",
    "units",
    "units",
    "units",
    "units",
  ]);
  const kind = (path: string) => kindOf(file(path, ""));
  expect(kind("/srv/con/contracts/a.yaml")).toBe("contracts");
  expect(kind("/var/lib/con/compiled/agents/desk/AGENTS.md")).toBe("instructions");
  expect(kind("/var/lib/con/compiled/agents/desk/skills/x/SKILL.md")).toBe("instructions");
  expect(kind("/var/lib/con/compiled/agents/desk.json")).toBe("configuration");
  expect(kind("/run/systemd/system/con@desk.service.d/50-agent.conf")).toBe("units");
  expect(new Set(facts.map(keyOf)).size).toBe(facts.length);
  expect(new Set(factKinds).size).toBe(7);
});

test("a person's contract replaces a shipped one, an empty file switches it off", () => {
  const [shipped, own] = [join(temporary(), "shipped"), join(temporary(), "own")];
  mkdirSync(join(shipped, "scripts"), { recursive: true });
  mkdirSync(own);
  for (const name of ["a.yaml", "b.yaml", "c.yaml"]) writeFileSync(join(shipped, name), "id: S");
  writeFileSync(join(shipped, "README.md"), "no contract");
  writeFileSync(join(shipped, "scripts/x.sh"), "#!/bin/sh\n");
  writeFileSync(join(own, "a.yaml"), "id: MINE");
  writeFileSync(join(own, "b.yaml"), "");
  symlinkSync("/etc/shadow", join(own, "d.yaml"));
  const { files, findings } = gatherContracts([shipped, own, join(own, "none")]);
  expect([...files].map(([name, text]) => [name, String(text)])).toEqual([
    ["a.yaml", "id: MINE"],
    ["c.yaml", "id: S"],
    ["scripts/x.sh", "#!/bin/sh\n"],
  ]);
  expect(findings.map(({ what }) => what)).toEqual([join(own, "d.yaml")]);
});

test("a quarantined agent may send to nobody, and its neighbours go on as before", () => {
  const other: DirectoryFact = {
    ...inbox("hand"),
    uid: 20_001,
    named: [
      { tag: "user", id: 20_000, perms: 7 },
      { tag: "user", id: 20_002, perms: 7 },
    ],
  };
  const holds: Holds = { ...noHolds, agents: new Map([["desk", hold("quarantined")]]) };
  const [, hand] = withHolds([inbox("desk"), other], holds, tierOf);
  expect(hand).toEqual({ ...other, named: [{ tag: "user", id: 20_002, perms: 7 }] });
});
