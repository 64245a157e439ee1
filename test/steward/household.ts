/**
 * A steward over a real configuration and an invented machine whose bootstrap deploys what that configuration
 * says at this moment, no more and no less.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { loadConfigFiles } from "../../src/config/load.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { Agent } from "../../src/config/types.ts";
import type { StewardPlaces } from "../../src/steward/places.ts";
import type { Requester } from "../../src/steward/policy.ts";
import type { StewardRequest } from "../../src/steward/types.ts";
import type { StewardWorld } from "../../src/steward/world.ts";
import type { Disk } from "../../src/system/disk.ts";
import { quickDisk } from "./mortal.ts";
import { makePlaces, makeWorld, newMachine } from "./support.ts";

const con = `system: {name: test, front_desk: desk}
models: {fast: [builtin/reflex], smart: [builtin/reflex], dear: [builtin/reflex]}
`;

const desk = `name: desk
description: Front desk
tier: operator
`;

const admin = `name: admin
description: Commissions
tier: operator
can: {task: [desk], tools: [shell]}
may:
  request: [commission, amend, retire, pause, resume, grant, revoke]
  grant: {tiers: [worker], task: ["*"], read: [/srv/con/artifacts], write: [/srv/con/artifacts/pub], tools: ["*"]}
`;

export const scribe = `name: scribe
description: Writes
tier: worker
can: {write: [/srv/con/artifacts/pub/x/**], tools: [write_file]}
`;

export interface Household {
  readonly places: StewardPlaces;
  /** Manifest texts that are deployed, by agent. */
  readonly deployed: Map<string, string>;
  /** Agents with a directory, and what went to the archive. */
  readonly data: Set<string>;
  readonly archived: string[];
  readonly uids: Map<string, number>;
  readonly world: (parts?: WorldParts) => StewardWorld;
  /** Everything that may differ afterwards. */
  readonly state: () => unknown;
}

export interface WorldParts {
  readonly as?: string;
  readonly disk?: Disk;
  readonly step?: () => void;
  /** Why bootstrap is not content with an agent. */
  readonly trouble?: (agent: string) => string | null;
}

/** The same once more, in directories of its own: preparing one takes longer than copying it. */
export function copyHousehold(from: Household): Household {
  const places = makePlaces();
  cpSync(dirname(from.places.inbox), dirname(places.inbox), { recursive: true });
  return householdIn(places, from);
}

export function makeHousehold(manifests: readonly string[] = []): Household {
  const places = makePlaces();
  const agentsD = join(places.configuration, "agents.d");
  for (const path of [agentsD, places.commissions, places.changes])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(places.configuration, "con.yaml"), con);
  for (const text of [desk, admin, ...manifests])
    writeFileSync(join(agentsD, `${/name: (\S+)/.exec(text)?.[1]}.yaml`), text);
  const house = householdIn(places);
  deploy(house);
  return house;
}

type Known = Pick<Household, "deployed" | "data" | "archived" | "uids">;

function householdIn(places: StewardPlaces, known: Partial<Known> = {}): Household {
  const deployed = new Map(known.deployed);
  const data = new Set(known.data);
  const archived = [...(known.archived ?? [])];
  const uids = new Map(known.uids);
  const agentsD = join(places.configuration, "agents.d");
  const house: Household = {
    places,
    deployed,
    data,
    archived,
    uids,
    world: (parts = {}) => worldOf(house, parts),
    state: () => ({
      configuration: filesOf(agentsD),
      deployed: [...deployed].sort(),
      data: [...data].sort(),
      changes: readdirSync(places.changes),
      inbox: readdirSync(places.inbox).filter((name) => !name.startsWith(".")),
    }),
  };
  return house;
}

const filesOf = (directory: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
      .map(({ parentPath, name }) => relative(directory, join(parentPath, name)))
      .sort()
      // Who asked and when differs between runs.
      .map((name) => [name, readFileSync(join(directory, name), "utf8").replace(/^# .*\n/gm, "")]),
  );

function deploy({ places, deployed, data, uids }: Household): void {
  deployed.clear();
  const files = loadConfigFiles(places.configuration);
  const { config } = parseConfig(files);
  for (const { name } of config?.agents ?? []) {
    const text = files.agents.find(({ path }) => basename(path) === `${name}.yaml`)?.text ?? "";
    deployed.set(name, text.replace(/^# .*\n/gm, ""));
    data.add(name);
    if (!uids.has(name)) uids.set(name, 20_000 + uids.size);
  }
}

function agentsOf({ places }: Household): readonly Agent[] {
  return parseConfig(loadConfigFiles(places.configuration)).config?.agents ?? [];
}

const requesterCalled = (house: Household, name: string): Requester =>
  name === "root"
    ? { uid: 0, name, kind: "root" }
    : { uid: house.uids.get(name) ?? 59_999, name: `a-${name}`, kind: "agent" };

function worldOf(house: Household, parts: WorldParts): StewardWorld {
  const { as = "root", disk = quickDisk, step = () => undefined, trouble = () => null } = parts;
  const base = makeWorld(house.places, newMachine(), {
    disk,
    requester: () => requesterCalled(house, as),
    before: step,
  });
  return {
    ...base,
    agents: () =>
      [...house.deployed.keys()].map((name) => ({
        name,
        tier: "worker",
        uid: house.uids.get(name) ?? 0,
      })),
    runtime: (name) => (house.deployed.has(name) ? runtimeOf(house, name) : null),
    hasData: (name) => house.data.has(name),
    host: {
      ...base.host,
      bootstrap: async (agent) => {
        step();
        deploy(house);
        step();
        return { changes: [], trouble: trouble(agent) };
      },
      remove: async (agent, archive) => {
        step();
        if (house.deployed.has(agent)) throw new Error(`${agent} is still deployed`);
        if (house.data.delete(agent)) house.archived.push(archive);
        step();
        return [];
      },
    },
  };
}

function runtimeOf(house: Household, name: string): AgentRuntime | null {
  const agent = agentsOf(house).find((one) => one.name === name);
  return agent === undefined ? null : (agent as unknown as AgentRuntime);
}

export const wish = (request: object): StewardRequest =>
  ({ version: 1, why: "", incident: null, ...request }) as StewardRequest;
