/** A steward that has packages fetched by an invented installer, which ends when a test says so. */
import fs from "node:fs";
import { join } from "node:path";
import type { ForgePackage, ForgePart } from "../../src/config/types.ts";
import type { Installer } from "../../src/host/layers/fetch.ts";
import { submit } from "../../src/steward/ask.ts";
import type { StewardPlaces } from "../../src/steward/places.ts";
import type { Requester } from "../../src/steward/policy.ts";
import { createParser } from "../../src/steward/request.ts";
import { serve } from "../../src/steward/serve.ts";
import type { StewardAnswer, StewardRequest } from "../../src/steward/types.ts";
import type { StewardWorld } from "../../src/steward/world.ts";
import type { Disk } from "../../src/system/disk.ts";
import { digestAt } from "../../src/system/layers/digest.ts";
import { type LayerName, layerKey } from "../../src/system/layers/names.ts";
import type { LayerOrder } from "../../src/system/layers/order.ts";
import { archiveOf, readerOf } from "../host/layers/support.ts";
import { quickDisk } from "./mortal.ts";
import { answersIn, makePlaces, makeWorld, newMachine, self } from "./support.ts";

export const root: Requester = { uid: self, name: "root", kind: "root" };
export const agent: Requester = { uid: self, name: "desk", kind: "agent" };

export const named = (name: string): LayerName => ({ language: "node", package: name });
export const first = named("a==1");

export const listing = (...packages: readonly LayerName[]): ForgePart => ({
  packages: packages.map(
    (one): ForgePackage => ({ ...one, integrity: null, layer: null, provides: ["a"] }),
  ),
  registries: { node: "http://h/" },
});

export const wish = (of: LayerName, verb: "install_layer" | "remove_layer" = "install_layer") =>
  ({ version: 1, verb, ...of, why: "", incident: null }) as const satisfies StewardRequest;

/** What is there beside the disk: the installer, and what PID 1 knows of it. */
interface Machinery {
  /** Every order that it was started for. */
  readonly orders: LayerOrder[];
  /** At work for that key, or ended; lost with a boot. */
  begun: string | null;
  ended: boolean;
  /** What came out: archive, or words. */
  brought: Buffer | string;
}

export interface Parts {
  readonly disk?: Disk;
  readonly by?: Requester;
  readonly step?: () => void;
}

const parse = createParser();

/** Of package a==1, whatever it is wanted for. */
export const whole = archiveOf({ "node_modules/a/index.js": "1" });

export function scene(forge: ForgePart | null) {
  const places = makePlaces();
  const [directory, orders] = ["layers", "orders"].map((name) => join(places.audit, "..", name));
  for (const path of [directory, orders]) fs.mkdirSync(path ?? "");
  const machine: Machinery = { orders: [], begun: null, ended: false, brought: whole };
  const told: string[] = [];
  let at = Date.parse("2026-01-01");
  let list = forge;
  const world = ({ disk = quickDisk, by = root, step = () => undefined }: Parts = {}) => ({
    ...makeWorld(places, newMachine(), { disk, requester: () => by, before: step }),
    now: () => at,
    runtime: () => ({ can: { tools: ["forge_tool"] }, may: {} }) as never,
    agents: () => [{ name: "desk", tier: "worker", uid: self }],
    mailboxOf: (name: string) => {
      told.push(name);
      return null;
    },
    layers: {
      ...{ directory: directory ?? "", orders: orders ?? "", digestAt, forge: () => list },
      removeTree: (path: string) => fs.rmSync(path, { recursive: true, force: true }),
      syncTree: async () => undefined,
      installer: installerOf(machine, step),
    },
  });
  return {
    ...{ places, directory: directory ?? "", machine, told, world },
    ask: (request: StewardRequest) => submit(quickDisk, request, { places, now: () => at++ }).id,
    serve: (parts?: Parts) => serve(world(parts) as StewardWorld, parse),
    pass: (ms: number) => {
      at += ms;
    },
    relist: (now: ForgePart | null) => {
      list = now;
    },
    answers: () => statusesIn(places),
    answer: (id: string) => answersIn(places).find((one) => one.id === id),
    waiting: () => fs.readdirSync(orders ?? "").filter((name) => name.endsWith(".asked")).length,
  };
}

const statusesIn = (places: StewardPlaces): StewardAnswer["status"][] =>
  answersIn(places).map(({ status }) => status);

/** `step` is called before each act, and may throw. */
function installerOf(machine: Machinery, step: () => void): Installer {
  return {
    begin: async (order) => {
      step();
      Object.assign(machine, { begun: null, ended: false });
      step();
      machine.orders.push(order);
      step();
      machine.begun = layerKey(order);
      return null;
    },
    stateOf: async (of) => {
      if (machine.begun !== layerKey(of)) return "not begun";
      return machine.ended ? "ended" : "at work";
    },
    take: async (_, use) => {
      const { brought } = machine;
      if (typeof brought === "string") return { ok: false, why: brought };
      return { ok: true, value: await use(readerOf(brought)) };
    },
    clear: async () => {
      step();
      Object.assign(machine, { begun: null, ended: false });
    },
  };
}
