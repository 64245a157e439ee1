/**
 * What is kept of a part's latest run: .cache/proof/NAME.json, replaced by renaming. A run at a smaller scale never
 * replaces one at a larger scale of the same commit. After a crash: the former result, and at most a `.part` file.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PartResult } from "./part.ts";

export interface Kept {
  readonly name: string;
  readonly claim: string;
  readonly commit: string;
  /** Whether the tree was exactly that commit. */
  readonly clean: boolean;
  readonly seed: number;
  readonly scale: number;
  readonly date: string;
  readonly seconds: number;
  readonly machine: Readonly<Record<string, string | number>>;
  /** null where the part ended without one; `failure` says how. */
  readonly result: PartResult | null;
  readonly failure: string | null;
}

export const isMet = (kept: Kept): boolean =>
  kept.result?.figures.every(({ ok }) => ok) === true && kept.result.figures.length > 0;

export function readKept(directory: string): Kept[] {
  mkdirSync(directory, { recursive: true });
  const names = readdirSync(directory).filter((name) => name.endsWith(".json"));
  return names
    .sort()
    .map((name) => JSON.parse(readFileSync(join(directory, name), "utf8")) as Kept);
}

/** Returns whether it took the place. */
export function keep(directory: string, kept: Kept): boolean {
  const former = readKept(directory).find(({ name }) => name === kept.name);
  if (former !== undefined && former.scale > kept.scale && former.commit === kept.commit) {
    return false;
  }
  const file = join(directory, `${kept.name}.json`);
  writeFileSync(`${file}.part`, `${JSON.stringify(kept, null, 2)}\n`);
  renameSync(`${file}.part`, file);
  return true;
}
