/**
 * How often the version in use was called and failed: `uses/NAME.json`. Counts are for the index only, so what cannot be
 * read counts as none. After a crash: the old count or the new one.
 */
import { join } from "node:path";
import { type Disk, isDiskTrouble } from "../../system/disk.ts";
import { readFile, replaceDurably } from "../../system/durable.ts";
import { isObject } from "../../system/json.ts";

export interface Uses {
  readonly version: number;
  readonly calls: number;
  readonly failures: number;
  /** Failures since it last worked. */
  readonly streak: number;
  /** Of the last failure, shortened. */
  readonly why: string | null;
}

export interface UseCounts {
  readonly of: (name: string, version: number) => Uses;
  /** `why`: it failed. False where a full or failing disk kept it from being counted. */
  readonly count: (name: string, version: number, why: string | null) => boolean;
}

/** So many failures one after the other, and the index says so. */
export const flaggedAfter = 3;

const whyChars = 200;
const mostBytes = 4096;

export function createUseCounts(disk: Disk, root: string): UseCounts {
  const directory = join(root, "uses");
  const path = (name: string): string => join(directory, `${name}.json`);
  const of = (name: string, version: number): Uses => {
    const bytes = readFile(disk, path(name), mostBytes);
    const found = bytes === null ? null : readUses(bytes);
    return found?.version === version ? found : none(version);
  };
  return {
    of,
    count(name, version, why) {
      const { calls, failures, streak, why: last } = of(name, version);
      const next: Uses = {
        version,
        calls: calls + 1,
        failures: failures + (why === null ? 0 : 1),
        streak: why === null ? 0 : streak + 1,
        why: why === null ? last : why.slice(0, whyChars).toWellFormed(),
      };
      try {
        disk.makeDirectory(directory, 0o700);
        replaceDurably(disk, path(name), Buffer.from(`${JSON.stringify(next)}\n`), 0o600);
        return true;
      } catch (error) {
        if (!isDiskTrouble(error)) throw error;
        return false;
      }
    },
  };
}

const none = (version: number): Uses => ({
  ...{ version, calls: 0, failures: 0, streak: 0 },
  why: null,
});

function readUses(bytes: Uint8Array): Uses | null {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown;
    if (!isObject(value)) return null;
    const counts = ["version", "calls", "failures", "streak"].map((key) => value[key]);
    const isWhy = value["why"] === null || typeof value["why"] === "string";
    return counts.every(Number.isSafeInteger) && isWhy ? (value as unknown as Uses) : null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}
