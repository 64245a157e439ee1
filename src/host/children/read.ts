/**
 * Reads the records of temporary agents. The steward writes them whole; what is none of its is reported and left
 * out. Changes nothing.
 */
import { lstatSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { childPrefix } from "../../config/agent.ts";
import { namePattern } from "../../config/grammar.ts";
import { namesIn } from "../../system/disk.ts";
import { isObject } from "../../system/json.ts";
import { isChildUid } from "../ids.ts";
import { children } from "../paths.ts";
import type { Finding } from "../world.ts";
import { maxDepth, type Spawn } from "./types.ts";

/** As in the steward: a request has at most 256 KiB, and each of its results 32 KiB. */
const maxBytes = 4 << 20;

export interface Records {
  readonly spawns: readonly Spawn[];
  readonly findings: readonly Finding[];
}

export function readSpawns(directory: string = children): Records {
  const spawns: Spawn[] = [];
  const findings: Finding[] = [];
  const names = namesIn(directory).filter((name) => /^[^.].*\.json$/.test(name));
  for (const path of names.sort().map((name) => join(directory, name))) {
    const spawn = readSpawn(path);
    if (spawn !== null) spawns.push(spawn);
    else
      findings.push({
        what: path,
        why: "it is no record of temporary agents",
        remedy: "remove it as root, and look for users and folders called spawn-*",
      });
  }
  return { spawns, findings };
}

function readSpawn(path: string): Spawn | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || stat.size > maxBytes) return null;
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isSpawn(value) && value.id === basename(path, ".json") ? value : null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

const isText = (value: unknown): value is string => typeof value === "string";
const isAmount = (value: unknown): boolean =>
  value === null || (typeof value === "number" && Number.isFinite(value));

/** All that a plan reads of it: names become parts of paths, and uids own files. */
function isSpawn(value: unknown): value is Spawn {
  if (!isObject(value) || value["version"] !== 1) return false;
  const { id, by, parent, task, depth, deadline, places } = value;
  return (
    isText(id) &&
    Number.isInteger(by) &&
    isName(parent) &&
    isText(task) &&
    Number.isInteger(depth) &&
    Number(depth) >= 1 &&
    Number(depth) <= maxDepth &&
    isText(deadline) &&
    !Number.isNaN(Date.parse(deadline)) &&
    Array.isArray(places) &&
    places.every(isPlace)
  );
}

const isName = (value: unknown): boolean => isText(value) && namePattern.test(value);

const isPlace = (value: unknown): boolean =>
  isObject(value) &&
  isOrder(value["order"]) &&
  (value["child"] === null || isChild(value["child"])) &&
  (value["firstError"] === null || isText(value["firstError"])) &&
  (value["result"] === null || isObject(value["result"]));

function isOrder(value: unknown): boolean {
  if (!isObject(value) || !isObject(value["can"]) || !isObject(value["share"])) return false;
  const { role, can, share, usd, tokens } = value;
  const lists = Object.values(can).every((list) => Array.isArray(list) && list.every(isText));
  return (
    isName(role) &&
    lists &&
    Object.values(share).every(isAmount) &&
    isAmount(usd) &&
    isAmount(tokens)
  );
}

const isChild = (value: unknown): boolean =>
  isObject(value) &&
  isName(value["name"]) &&
  String(value["name"]).startsWith(childPrefix) &&
  isChildUid(Number(value["uid"])) &&
  Number.isInteger(value["attempt"]);
