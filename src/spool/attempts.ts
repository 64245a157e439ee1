/**
 * How often a task was begun, and how often that led nowhere. One small file per task that needed
 * more than one attempt: a first attempt is counted by the claim itself, so that the ordinary task
 * costs nothing here.
 */
import { join } from "node:path";
import { type Disk, errnoOf } from "../system/disk.ts";
import { readFile, replaceDurably } from "../system/durable.ts";
import type { AgentPaths } from "./layout.ts";

export interface Attempts {
  /** Attempts begun, this one included. */
  readonly attempts: number;
  /** Attempts that count against the task's patience. */
  readonly strikes: number;
  /** What the journal held when the attempt began. */
  readonly progress: number;
  /** The attempt ended in good order (deferred, stopped): its end is no crash. */
  readonly released: boolean;
}

/** What a claim alone means. */
export const firstAttempt: Attempts = { attempts: 1, strikes: 0, progress: 0, released: false };

export const attemptsDirectory = (paths: AgentPaths): string => join(paths.state, "attempts");

const pathOf = (paths: AgentPaths, id: string): string => join(attemptsDirectory(paths), id);

export function readAttempts(disk: Disk, paths: AgentPaths, id: string): Attempts {
  const bytes = readFile(disk, pathOf(paths, id), 4096);
  if (bytes === null) return firstAttempt;
  const [attempts, strikes, progress, released] = Buffer.from(bytes).toString("utf8").split(" ");
  return {
    attempts: count(attempts, 1),
    strikes: count(strikes, 0),
    progress: count(progress, 0),
    released: released?.trim() === "released",
  };
}

/** Four words in one line; durable when this returns. */
export function writeAttempts(disk: Disk, paths: AgentPaths, id: string, value: Attempts): void {
  const { attempts, strikes, progress, released } = value;
  const line = `${attempts} ${strikes} ${progress} ${released ? "released" : "begun"}\n`;
  replaceDurably(disk, pathOf(paths, id), Buffer.from(line), 0o600);
}

export function forgetAttempts(disk: Disk, paths: AgentPaths, id: string): void {
  try {
    disk.unlink(pathOf(paths, id));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

/** The state after an attempt that nobody ended: a strike, unless it got somewhere or was released. */
export function afterCrash(last: Attempts, progress: number): Attempts {
  const innocent = last.released || progress > last.progress;
  return { ...last, strikes: last.strikes + (innocent ? 0 : 1), progress, released: true };
}

/** The state of the attempt that begins now. */
export const begun = (last: Attempts, progress: number): Attempts => ({
  ...last,
  attempts: last.attempts + 1,
  progress,
  released: false,
});

function count(word: string | undefined, least: number): number {
  const value = Number(word);
  return Number.isSafeInteger(value) ? Math.max(value, least) : least;
}
