/** A steward over real directories and an invented machine, which obeys holds as the real one does. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { holdOf, readHolds } from "../../src/config/holds.ts";
import type { StewardPlaces } from "../../src/steward/places.ts";
import type { Requester } from "../../src/steward/policy.ts";
import type { StewardAnswer, StewardRequest } from "../../src/steward/types.ts";
import type { StewardWorld } from "../../src/steward/world.ts";
import { readLink } from "../../src/system/chain/line.ts";
import { openChain } from "../../src/system/chain.ts";
import { type Disk, nodeDisk } from "../../src/system/disk.ts";
import type { Log } from "../../src/system/log.ts";
import { quickDirectory } from "../support/quick-directory.ts";

export const self = process.getuid?.() ?? 0;

const agents = [
  { name: "desk", tier: "operator", uid: 20_000 },
  { name: "drone", tier: "worker", uid: 20_001 },
];

/** Of each agent: is it armed, does it run, may others send to it. */
export interface Machine {
  readonly armed: Set<string>;
  readonly running: Set<string>;
  readonly reachable: Set<string>;
  /** What was done, in order. */
  readonly acts: string[];
}

const names = agents.map(({ name }) => name);

export const newMachine = (): Machine => ({
  armed: new Set(names),
  running: new Set(names),
  reachable: new Set(names),
  acts: [],
});

export function makePlaces(): StewardPlaces {
  const root = mkdtempSync(join(quickDirectory(), "con-steward-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const places: StewardPlaces = {
    inbox: join(root, "inbox"),
    outbox: join(root, "outbox"),
    corrupt: join(root, "corrupt"),
    holds: join(root, "holds"),
    approvals: join(root, "approvals"),
    proposals: join(root, "proposals"),
    tools: join(root, "tools"),
    configuration: join(root, "etc"),
    commissions: join(root, "commissions"),
    changes: join(root, "changes"),
    children: join(root, "children"),
    ended: join(root, "ended"),
    audit: join(root, "actions.jsonl"),
  };
  const { inbox, outbox, corrupt, holds, approvals, proposals, tools, children, ended } = places;
  for (const path of [inbox, outbox, corrupt, holds, approvals, proposals, tools, children, ended])
    mkdirSync(path);
  chmodSync(places.inbox, 0o3770);
  return places;
}

/** A machine on which nobody makes temporary agents. */
const noChildren: StewardWorld["children"] = {
  lacks: (_, orders) => orders.map(() => []),
  isUidTaken: () => false,
  handOver: () => undefined,
  start: async () => undefined,
  running: async () => new Set(),
  look: () => ({ kind: "lost" }),
};

/** A machine on which no packages are listed. */
const noLayers: StewardWorld["layers"] = {
  directory: "/layers",
  forge: () => null,
  orders: "/orders",
  installer: {
    begin: async () => "there is no installer",
    stateOf: async () => "not begun",
    take: async () => ({ ok: false, why: "there is no installer" }),
    clear: async () => undefined,
  },
  removeTree: () => undefined,
  syncTree: async () => undefined,
  digestAt: () => ({ ok: false, why: "it is not there" }),
};

const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface Parts {
  readonly disk?: Disk;
  readonly requester?: (uid: number) => Requester;
  /** Called before each act on the machine; may throw. */
  readonly before?: (act: string) => void;
}

const asRoot = (uid: number): Requester => ({ uid, name: "root", kind: "root" });

export function makeWorld(
  places: StewardPlaces,
  machine: Machine,
  { disk = nodeDisk, requester = asRoot, before = () => undefined }: Parts = {},
): StewardWorld {
  const act = (text: string): void => {
    before(text);
    machine.acts.push(text);
  };
  return {
    disk,
    now: Date.now,
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    log: quiet,
    places,
    agentFile: () => ({ ok: false, why: "it is not there" }),
    tryContract: async () => ({ ok: false, why: "there are no contracts here" }),
    requester,
    agents: () => agents,
    runtime: () => null,
    frontDesk: () => "desk",
    hasData: () => false,
    mailboxOf: () => null,
    layers: noLayers,
    record: (entry) => {
      const chain = openChain(disk, places.audit, 0o640);
      try {
        chain.append([entry]);
      } finally {
        chain.close();
      }
    },
    children: noChildren,
    spending: { allow: async () => null, payersOf: () => [], hasTask: () => true },
    host: {
      stop: async (concerned) => {
        const now = names.filter(concerned);
        act(`stop ${now.join(" ")}`);
        for (const name of now) {
          machine.armed.delete(name);
          machine.running.delete(name);
        }
      },
      kill: async (name) => {
        act(`kill ${name}`);
        return machine.running.delete(name) ? "killed" : "nothing ran";
      },
      killStrays: (uid) => {
        act(`strays ${uid}`);
        return 0;
      },
      converge: async (filter) => {
        act(`converge ${JSON.stringify(filter)}`);
        return { changes: obey(places, machine, filter), failures: [] };
      },
      bootstrap: async (name) => {
        act(`bootstrap ${name}`);
        return { changes: [], trouble: null };
      },
      remove: async (name) => {
        act(`remove ${name}`);
        return [];
      },
      spawnChildren: async () => [],
      removeChildren: async () => [],
      install: async (packages) => ({ allowed: packages, changes: [], trouble: null }),
      sweep: async () => act("sweep"),
    },
  };
}

function obey(
  places: StewardPlaces,
  machine: Machine,
  filter: { readonly agents?: readonly string[]; readonly kinds?: readonly string[] },
): string[] {
  const holds = readHolds(places.holds);
  const set = (where: Set<string>, name: string, wanted: boolean): string[] => {
    if (where.has(name) === wanted) return [];
    if (wanted) where.add(name);
    else where.delete(name);
    return [`${name} changed`];
  };
  return agents.flatMap((agent) => {
    if (filter.agents !== undefined && !filter.agents.includes(agent.name)) return [];
    const hold = holdOf(holds, agent);
    const open = holds.agents.get(agent.name)?.kind !== "quarantined";
    const units = filter.kinds?.includes("units") ?? true;
    const directories = filter.kinds?.includes("directories") ?? true;
    return [
      ...(units ? set(machine.armed, agent.name, hold === null) : []),
      ...(directories ? set(machine.reachable, agent.name, open) : []),
    ];
  });
}

export const about = (
  verb: "pause" | "resume" | "kill_session" | "quarantine",
  agent: string,
): StewardRequest => ({ version: 1, verb, agent, why: "a test", incident: null });

export const halt = (scope: "workers" | "agents"): StewardRequest => ({
  ...{ version: 1, verb: "halt", scope, why: "a test", incident: null },
});

export const resumeAll: StewardRequest = {
  ...{ version: 1, verb: "resume_all", why: "", incident: null },
};

export const visible = (directory: string): string[] =>
  readdirSync(directory).filter((name) => !name.startsWith("."));

export const answersIn = (places: StewardPlaces): StewardAnswer[] =>
  visible(places.outbox).map(
    (name) => JSON.parse(readFileSync(join(places.outbox, name), "utf8")) as StewardAnswer,
  );

/** `event` of every whole line of the chain, in order; a crash may have left a part of one. */
export const events = (places: StewardPlaces): string[] =>
  readFileSync(places.audit, "utf8")
    .trim()
    .split("\n")
    .flatMap((line) => {
      const event = readLink(Buffer.from(line))?.record["event"];
      return typeof event === "string" ? event : [];
    });
