/**
 * A steward whose agents make temporary ones, on an invented machine: users, inboxes and runners are maps, and what
 * a child leaves behind is said by the test.
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { noMay } from "../../src/config/authority.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { SpawnRight } from "../../src/config/types.ts";
import { readSpawns } from "../../src/host/children/read.ts";
import { wantedChild } from "../../src/host/children/state.ts";
import type { ChildOrder, Spawn } from "../../src/host/children/types.ts";
import { submit } from "../../src/steward/ask.ts";
import { childName } from "../../src/steward/children/name.ts";
import type { Look } from "../../src/steward/children/state.ts";
import type { StewardPlaces } from "../../src/steward/places.ts";
import type { Requester } from "../../src/steward/policy.ts";
import { createParser } from "../../src/steward/request.ts";
import { serve } from "../../src/steward/serve.ts";
import type { SpawnRequest, StewardRequest } from "../../src/steward/types.ts";
import type { StewardWorld } from "../../src/steward/world.ts";
import type { Disk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { derivedId, newId } from "../../src/task/id.ts";
import { quickDisk } from "./mortal.ts";
import { answersIn, makePlaces, makeWorld, newMachine } from "./support.ts";

const parse = createParser();

export const hourMs = 3_600_000;
/** The steward compares with times of the file system. */
const start = Date.now();

export interface Village {
  readonly places: StewardPlaces;
  readonly rights: Map<string, SpawnRight>;
  /** Users that were made, by name. */
  readonly users: Map<string, number>;
  /** Task ids that each child was ever given. */
  readonly tasks: Map<string, Set<string>>;
  /** Texts of those tasks. */
  readonly texts: Map<string, string>;
  readonly started: Set<string>;
  readonly running: Set<string>;
  /** What lies in the folders of a child; one that has a task and none of these is at work. */
  readonly left: Map<string, Look>;
  /** Names of children that were made, each time a user was. */
  readonly made: string[];
  readonly events: Record<string, unknown>[];
  now: number;
  readonly pass: (ms: number) => void;
  /** What cannot be made. */
  trouble: ((name: string) => string | null) | null;
  lacks: (order: ChildOrder) => string[];
  /** Cannot be taken away. */
  readonly stuck: Set<string>;
  /** Tasks that have ended. */
  readonly over: Set<string>;
}

const lasting = new Map([
  ["boss", 20_000],
  ["rival", 20_001],
  ["loner", 20_002],
]);

export function makeVillage(): Village {
  const places = makePlaces();
  for (const name of lasting.keys()) mkdirSync(join(places.audit, `../in-${name}`));
  const right = { roles: ["scout", "smith"], depth: 3, live: 8 };
  const village: Village = {
    places,
    rights: new Map([
      ["boss", right],
      ["rival", right],
    ]),
    users: new Map(),
    tasks: new Map(),
    texts: new Map(),
    started: new Set(),
    running: new Set(),
    left: new Map(),
    made: [],
    events: [],
    now: start,
    pass: (ms) => {
      village.now += ms;
    },
    trouble: null,
    lacks: () => [],
    stuck: new Set(),
    over: new Set(),
  };
  return village;
}

export interface VillageParts {
  readonly disk?: Disk;
  /** Before each act on the machine. */
  readonly step?: () => void;
}

const agentsOf = (village: Village) =>
  [...lasting, ...village.users].map(([name, uid]) => ({ name, uid, tier: "worker" }));

const inboxOf = ({ places }: Village, name: string): string => join(places.audit, `../in-${name}`);

export const spawnsIn = ({ places }: Village): readonly Spawn[] =>
  readSpawns(places.children).spawns;

function worldAs(village: Village, as: string, parts: VillageParts = {}): StewardWorld {
  const { disk = quickDisk, step = () => undefined } = parts;
  const base = makeWorld(village.places, newMachine(), { disk, before: step });
  const named = (uid: number): Requester => {
    const agent = agentsOf(village).find((one) => one.uid === uid);
    if (agent !== undefined) return { uid, name: `a-${agent.name}`, kind: "agent" };
    return uid === 0
      ? { uid, name: "root", kind: "root" }
      : { uid, name: `uid ${uid}`, kind: "other" };
  };
  const self = process.getuid?.() ?? 0;
  const own = agentsOf(village).find(({ name }) => name === as);
  return {
    ...base,
    now: () => village.now,
    requester: (uid) => (uid === self && own !== undefined ? named(own.uid) : named(uid)),
    agents: () => agentsOf(village),
    runtime: (name) => runtimeOf(village, name),
    mailboxOf: (name) => ({ inbox: inboxOf(village, name), bell: null }),
    record: (entry) => {
      step();
      village.events.push(entry);
    },
    host: { ...base.host, ...hostOf(village, step) },
    spending: { ...base.spending, hasTask: (_, task) => !village.over.has(task) },
    children: portOf(village, step),
  };
}

function runtimeOf(village: Village, name: string): AgentRuntime {
  const spawn = village.rights.get(name) ?? null;
  const can = { task: [], read: [], write: [], network: [], tools: ["shell", "read_file"] };
  const constraints = { tools: { shell: { uses: 10, perMinute: null, until: null } }, until: {} };
  return { name, spawn, can, constraints, approval: [], may: noMay } as unknown as AgentRuntime;
}

function hostOf(village: Village, step: () => void): Partial<StewardWorld["host"]> {
  return {
    spawnChildren: async (names) => {
      step();
      const wanted = spawnsIn(village).flatMap(({ places }) =>
        places.flatMap((place) => wantedChild(place) ?? []),
      );
      for (const { name, uid } of wanted) {
        if (village.users.has(name)) continue;
        village.users.set(name, uid);
        village.made.push(name);
        step();
      }
      return names.flatMap((agent) => {
        const why = village.trouble?.(agent) ?? null;
        return why === null ? [] : [{ what: `temporary agent ${agent}`, why, agent }];
      });
    },
    removeChildren: async (gone) => {
      step();
      for (const { name } of gone) {
        if (village.stuck.has(name)) continue;
        for (const where of [village.users, village.left]) where.delete(name);
        for (const where of [village.started, village.running]) where.delete(name);
        step();
      }
      const stuck = gone.filter(({ name }) => village.stuck.has(name));
      return stuck.map(({ name }) => ({ what: name, why: "it does not end", agent: name }));
    },
  };
}

function portOf(village: Village, step: () => void): StewardWorld["children"] {
  return {
    lacks: (_, orders) => orders.map(village.lacks),
    isUidTaken: (uid) => [...village.users.values()].includes(uid),
    handOver: ({ name, task }, _giver, bytes) => {
      step();
      if (!village.users.has(name)) throw new Error(`${name} has no inbox`);
      village.tasks.set(name, new Set([...(village.tasks.get(name) ?? []), task]));
      village.texts.set(name, Buffer.from(bytes).toString("utf8"));
      step();
    },
    start: async (names) => {
      step();
      for (const name of names) {
        if (!village.tasks.has(name)) throw new Error(`${name} starts without a task`);
        village.started.add(name);
      }
      step();
    },
    running: async () => village.running,
    look: ({ name }) => village.left.get(name) ?? { kind: "working" },
  };
}

export const order = (rest: Partial<ChildOrder> = {}): ChildOrder => ({
  role: "scout",
  goal: "look around",
  findings: null,
  can: {},
  share: {},
  usd: null,
  tokens: null,
  ...rest,
});

let counter = 0;
const bytes = (count: number): Uint8Array => {
  counter += 1;
  return Uint8Array.from({ length: count }, (_, at) => counter >> (8 * at));
};

export const wish = (
  village: Village,
  children: readonly ChildOrder[],
  rest: Partial<SpawnRequest> = {},
): StewardRequest => ({
  ...{ version: 1, why: "", incident: null, verb: "spawn" },
  task: derivedId(start, ["task"]),
  ...{ call: "1-1", thread: null, hops: 0, via: [] },
  deadline: new Date(village.now + hourMs).toISOString(),
  children,
  ...rest,
});

export function ask(village: Village, request: StewardRequest, id = newId(village.now, bytes)) {
  submit(quickDisk, request, { places: village.places, id });
  return id;
}

export const serveAs = (village: Village, as = "boss", parts: VillageParts = {}) =>
  serve(worldAs(village, as, parts), parse);

export const nameOf = (id: string, index = 0, attempt = 1): string => childName(id, index, attempt);

export const ended = (rest: Partial<Extract<Look, { kind: "ended" }>> = {}): Look => ({
  kind: "ended",
  status: "done",
  text: "all is well",
  error: "",
  spent: { usd: 0, tokens: 0, uses: {} },
  ...rest,
});

export const failed = (error = "it broke"): Look => ended({ status: "failed", text: error, error });

/** Texts of the tasks that lie in an agent's inbox. */
export const mailOf = (village: Village, name = "boss"): string[] => {
  const inbox = inboxOf(village, name);
  const tasks = readdirSync(inbox).filter((one) => !one.startsWith("."));
  return tasks.map((one) => readFileSync(join(inbox, one), "utf8"));
};

export const answerOf = ({ places }: Village, id: string) =>
  answersIn(places).find((one) => one.id === id);

export async function refusalOf(
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
