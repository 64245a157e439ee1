/**
 * How memories fade. Pure; nothing is written when time passes.
 *
 *     confidence today = confidence × max(0.25, 2 ^ (−age / half-life of the kind))
 *     freshness        = 2 ^ (−age / 30 days)
 *
 * Age counts from the last change or use. What is verified does not fade. What nobody touched for eight
 * half-lives is `faded`: upkeep forgets it, softly.
 */
import type { Kind, Memory } from "./types.ts";

const day = 86_400_000;

export const halfLives: Readonly<Record<Kind, number>> = {
  observation: 30 * day,
  fact: 180 * day,
  decision: 365 * day,
  preference: 365 * day,
  procedure: 365 * day,
};

const floor = 0.25;
const freshHalfLife = 30 * day;
const fadedAfter = 8;

type Aged = Pick<Memory, "kind" | "provenance" | "confidence" | "updated" | "lastUsed">;

/** Epoch milliseconds of the last change or use. */
export const touched = ({ updated, lastUsed }: Pick<Memory, "updated" | "lastUsed">): number =>
  Math.max(updated, lastUsed ?? 0);

/** A clock that was set back makes nothing older than new. */
const age = (memory: Pick<Memory, "updated" | "lastUsed">, now: number): number =>
  Math.max(0, now - touched(memory));

export function confidenceAt(memory: Aged, now: number): number {
  if (memory.provenance === "verified") return memory.confidence;
  const left = 2 ** (-age(memory, now) / halfLives[memory.kind]);
  return memory.confidence * Math.max(floor, left);
}

export const freshnessAt = (memory: Pick<Memory, "updated" | "lastUsed">, now: number): number =>
  2 ** (-age(memory, now) / freshHalfLife);

/** What was touched before this moment, of that kind, has faded. */
export const fadedBefore = (kind: Kind, now: number): number => now - fadedAfter * halfLives[kind];
