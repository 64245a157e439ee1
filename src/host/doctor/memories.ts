/** Memories of agents that were found damaged and set aside. Looks at names only; opens nothing. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../system/disk.ts";
import * as paths from "../paths.ts";
import { bad, type Finding, fine } from "./check.ts";

const isAside = (name: string): boolean => /^memory\.db\.damaged-[0-9]+(-[0-9]+)?$/.test(name);

export function checkMemories(root: string = `${paths.root}/agents`): Finding[] {
  const found = list(root).flatMap((agent) =>
    list(join(root, agent, "state"))
      .filter(isAside)
      .map((name) => damaged(agent, join(root, agent, "state", name))),
  );
  return found.length === 0 ? [fine("memories", "no agent's memory was found damaged")] : found;
}

const damaged = (agent: string, path: string): Finding =>
  bad(
    `memory of ${agent}`,
    `it was damaged; what it held lies in ${path}, and a new one is begun`,
    "look at it, or restore it from a backup; then remove that file",
    "medium",
  );

/** What an agent put in place of a folder is its own trouble, and shown by con verify. */
function list(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES", "ELOOP"].includes(errnoOf(error) ?? "")) return [];
    throw error;
  }
}
