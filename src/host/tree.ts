/**
 * Reads the instruction layers, roles and skills under /etc/con into memory.
 *
 * Never: follows a symbolic link, or reads without bound. What is refused is reported, not skipped.
 */
import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../system/disk.ts";
import type { Finding } from "./finding.ts";
import { isOfSkill, type Tree } from "./skills.ts";

const maxBytes = 1 << 20;
const maxFiles = 5_000;
const configured = ["AGENTS.md", "tiers", "roles", "skills", "agents.d"];

export interface ReadTree {
  readonly tree: Tree;
  /** Of what belongs to no skill. */
  readonly findings: readonly Finding[];
  /** Of skills: relative path → why it was not read. */
  readonly refused: ReadonlyMap<string, string>;
}

export function readTree(directory: string, roots: readonly string[] = configured): ReadTree {
  const tree = new Map<string, Uint8Array>();
  const findings: Finding[] = [];
  const refused = new Map<string, string>();
  const visit = (relative: string, entry: Dirent | null): void => {
    const path = join(directory, relative);
    if (entry?.isDirectory() || (entry === null && !relative.includes(".md")))
      for (const child of list(path)) visit(`${relative}/${child.name}`, child);
    else if (/^agents\.d\/[^/]+\.yaml$/.test(relative)) return;
    else take(relative, path, entry);
  };
  const take = (relative: string, path: string, entry: Dirent | null): void => {
    const why =
      entry !== null && !entry.isFile() ? "it is no regular file" : tooMuch(path, tree.size);
    if (why === null) tree.set(relative, readFileSync(path));
    else if (why !== "" && isOfSkill(relative)) refused.set(relative, why);
    else if (why !== "") findings.push({ what: path, why, remedy: "it was left out; replace it" });
  };
  for (const name of roots) visit(name, null);
  return { tree, findings, refused };
}

/** Why a file is not read: null = it may be, "" = there is none. */
function tooMuch(path: string, taken: number): string | null {
  try {
    if (taken >= maxFiles) return `there are more than ${maxFiles} files`;
    return statSync(path).size > maxBytes ? `it is larger than ${maxBytes} bytes` : null;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}

function list(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith("."))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
