/**
 * Packages that are being fetched: a durable record of each, with all who asked for it. Only the steward writes them, and
 * con-sweep.service sees by them that something is left to do.
 *
 * Never: one record for two packages, two for one, or one that says who may have it: that is con.yaml's word, each time.
 */
import { join } from "node:path";
import { errnoOf, listed } from "../../system/disk.ts";
import { readFile, removeDurably, replaceDurably } from "../../system/durable.ts";
import { isObject, jsonOrNull } from "../../system/json.ts";
import {
  type LayerLanguage,
  type LayerName,
  layerKey,
  layerLanguages,
  orderSuffix,
} from "../../system/layers/names.ts";
import type { StewardWorld } from "../world.ts";

export interface Asker {
  /** Of the request. */
  readonly id: string;
  readonly uid: number;
  readonly name: string;
  readonly isAgent: boolean;
}

export interface Asked extends LayerName {
  readonly version: 1;
  /** Their order: each has one more than all before it. */
  readonly turn: number;
  /** How often the steward began to look at what was brought. */
  readonly looks: number;
  readonly askers: readonly Asker[];
}

const mode = 0o600;
const mostBytes = 2 ** 20;

type Store = Pick<StewardWorld, "disk" | "layers" | "log">;

const pathOf = ({ layers }: Store, of: LayerName): string =>
  join(layers.orders, `${layerKey(of)}${orderSuffix}`);

export function writeAsked(world: Store, asked: Asked): void {
  const bytes = Buffer.from(`${JSON.stringify(asked)}\n`);
  replaceDurably(world.disk, pathOf(world, asked), bytes, mode);
}

export const removeAsked = (world: Store, of: LayerName): void =>
  removeDurably(world.disk, pathOf(world, of));

/** The one that is to be fetched first comes first. What is no record goes: nobody could be answered. */
export function listAsked(world: Store): Asked[] {
  const { disk, layers, log } = world;
  return listed(disk, layers.orders)
    .filter((name) => name.endsWith(orderSuffix))
    .flatMap((name): Asked[] => {
      const path = join(layers.orders, name);
      const value = read(world, path);
      if (isAsked(value) && pathOf(world, value) === path) return [value];
      log.error("a record of a package that is fetched cannot be read, and goes", { name });
      removeDurably(disk, path);
      return [];
    })
    .sort((a, b) => a.turn - b.turn);
}

function read({ disk }: Store, path: string): unknown {
  try {
    const bytes = readFile(disk, path, mostBytes);
    return bytes === null ? null : jsonOrNull(bytes);
  } catch (error) {
    // A link, in a directory of root's.
    if (errnoOf(error) === "ELOOP") return null;
    throw error;
  }
}

const isAsked = (value: unknown): value is Asked =>
  isObject(value) &&
  value["version"] === 1 &&
  layerLanguages.includes(value["language"] as LayerLanguage) &&
  typeof value["package"] === "string" &&
  Number.isSafeInteger(value["turn"]) &&
  Number.isSafeInteger(value["looks"]) &&
  Array.isArray(value["askers"]) &&
  value["askers"].every(isAsker);

const isAsker = (value: unknown): value is Asker =>
  isObject(value) &&
  typeof value["id"] === "string" &&
  typeof value["uid"] === "number" &&
  typeof value["name"] === "string" &&
  typeof value["isAgent"] === "boolean";
