/** The skills that con ships, of the installed system or of a checkout. Reads only. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { shippedSkills, type Tree } from "../../host/skills.ts";
import { readTree } from "../../host/tree.ts";

/** In a checkout they lie beside the source tree, or beside the bundle. */
const places = [
  shippedSkills,
  join(import.meta.dirname, "../../../configs/skills"),
  join(import.meta.dirname, "../../configs/skills"),
  join(import.meta.dirname, "../configs/skills"),
];

export function readShippedSkills(): Tree {
  const found = places.find((path) => existsSync(path));
  return found === undefined
    ? new Map<string, Uint8Array>()
    : readTree(dirname(found), [basename(found)]).tree;
}
