/** Text files that root reads whole: what stands in one, and what is said of one that cannot be used. */
import { readFileSync } from "node:fs";
import { errnoOf } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";

/** Null where there is none. Throws for anything else that keeps it from being read. */
export function textAt(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** A promise that a bootstrap makes anew. */
export const unusable = (path: string, why: string): ConError =>
  new ConError(exit.unavailable, path, why, "run con bootstrap as root");
