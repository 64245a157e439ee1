/**
 * Walks a tree that agents write: by descriptors, no link followed, never more entries or levels than said.
 * Gives the machine a turn every few hundred entries, and stops where the visitor says so; a later walk goes on
 * from there. Entries that are made or removed meanwhile change nothing for the others.
 */
import { setImmediate as turn } from "node:timers/promises";
import { type Entry, type Listed, type Look, type Looked, lookInto } from "./look.ts";

export interface Bounds {
  readonly depth: number;
  /** Of one walk from end to end, with all its parts. */
  readonly entries: number;
  readonly signal: AbortSignal;
}

export interface Found {
  /** Path below the root, for people. */
  readonly path: string;
  /** Names on the way and its own, a character for each byte. */
  readonly trail: readonly string[];
  readonly entry: Entry;
  readonly stat: Look["stat"];
  /** The directory that it lies in. */
  readonly look: Look;
}

/** Where a walk goes on; JSON. */
export interface Place {
  /** Directory, as names with a character for each byte. */
  readonly trail: readonly string[];
  /** The last name in it that was seen. */
  readonly after: string | null;
  /** Entries seen so far. */
  readonly seen: number;
}

export type Walked =
  | { readonly end: "whole" | "too many" }
  | { readonly end: "stopped"; readonly at: Place }
  | { readonly end: "odd"; readonly why: string };

export interface Visitor {
  /** Whether to go into a directory. */
  readonly enter: (name: string) => boolean;
  /** Before each entry but directories. */
  readonly mayGoOn: () => boolean;
  /** True when it took so long that it is time for a turn. */
  readonly visit: (found: Found) => boolean;
  /** A directory below the root that cannot be looked into. */
  readonly refused: (path: string, why: string) => void;
}

/** Entries between two turns, and how long they may take. */
const atOnce = 256;
const turnMs = 20;

/** Visits every entry but directories, those of a directory first and then what lies below, by name. */
export async function walkTree(
  root: string,
  bounds: Bounds,
  visitor: Visitor,
  from: Place | null = null,
): Promise<Walked> {
  const waiting: Step[] = from === null ? [{ trail: [], after: null }] : stepsTo(from);
  let seen = from?.seen ?? 0;
  for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) {
    const listed = lookAt(root, step.trail, (look) => listing(look, step, bounds.entries));
    if (listed.kind === "odd" && step.trail.length === 0) return { end: "odd", why: listed.why };
    if (listed.kind === "odd") visitor.refused(pathOf(step.trail), listed.why);
    if (listed.kind !== "seen" || listed.value === null) continue;
    const { files, directories, more } = listed.value;
    for (let at = 0; at < files.length; ) {
      const visited = visitSome(root, step.trail, files.slice(at, at + atOnce), visitor, bounds);
      seen += visited.count;
      at += visited.count;
      if (visited.stopped) {
        const after = files[at - 1] === undefined ? step.after : latin1(files[at - 1]);
        return { end: "stopped", at: { trail: step.trail, after, seen } };
      }
      await turn();
    }
    if (step.below === undefined && step.after === null) seen += 1;
    if (more || seen > bounds.entries) return { end: "too many" };
    if (step.trail.length < bounds.depth)
      for (const one of directories.filter(({ text }) => visitor.enter(text)).toReversed())
        waiting.push({ trail: [...step.trail, latin1(one)], after: null });
    await turn();
  }
  return { end: "whole" };
}

/** A directory whose entries are to be visited, those up to `after` left out. */
interface Step {
  readonly trail: readonly string[];
  readonly after: string | null;
  /** Only directories behind this name: all else was visited. */
  readonly below?: string;
}

/** Each directory on the way, for what comes after the way; the last one is walked first. */
const stepsTo = ({ trail, after }: Place): Step[] => [
  ...trail.map((name, n) => ({ trail: trail.slice(0, n), after: null, below: name })),
  { trail, after },
];

const latin1 = (entry: Entry | undefined): string => entry?.bytes.toString("latin1") ?? "";

const entryOf = (name: string): Entry => {
  const bytes = Buffer.from(name, "latin1");
  return { text: bytes.toString("utf8"), bytes };
};

const pathOf = (trail: readonly string[]): string =>
  trail.map((name) => entryOf(name).text).join("/");

/** Runs `act` on the directory below `root`; null when it is not there. */
export function lookAt<T>(
  root: string,
  trail: readonly string[],
  act: (look: Look) => T,
): Looked<T | null> {
  return lookInto(root, (look) => descend(look, trail, act));
}

function descend<T>(look: Look, trail: readonly string[], act: (look: Look) => T): T | null {
  const [first, ...rest] = trail;
  if (first === undefined) return act(look);
  return look.into(entryOf(first), (inner) => descend(inner, rest, act));
}

interface Listing {
  readonly files: readonly Listed[];
  readonly directories: readonly Listed[];
  readonly more: boolean;
}

function listing(look: Look, { after, below }: Step, limit: number): Listing {
  const { list, more } = look.entries(limit);
  const sorted = [...list].sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const files: Listed[] = [];
  const directories: Listed[] = [];
  for (const entry of sorted) {
    if (entry.isDirectory) {
      if (below === undefined || latin1(entry) > below) directories.push(entry);
    } else if (below === undefined && (after === null || latin1(entry) > after)) files.push(entry);
  }
  return { files, directories, more };
}

/** At least one of `files`, unless it may not go on. */
function visitSome(
  root: string,
  trail: readonly string[],
  files: readonly Entry[],
  { mayGoOn, visit, refused }: Visitor,
  { signal }: Bounds,
): { readonly count: number; readonly stopped: boolean } {
  const began = performance.now();
  let count = 0;
  let stopped = signal.aborted;
  const looked = lookAt(root, trail, (look) => {
    for (const entry of files) {
      stopped ||= !mayGoOn();
      if (stopped || (count > 0 && performance.now() - began > turnMs)) return;
      const stat = look.lstat(entry);
      count += 1;
      if (stat === null || stat.isDirectory()) continue;
      const whole = [...trail, latin1(entry)];
      if (visit({ path: pathOf(whole), trail: whole, entry, stat, look })) return;
    }
  });
  if (looked.kind === "odd") refused(pathOf(trail), looked.why);
  // The directory is gone, and its entries with it; or one of them keeps us from the others.
  const isOut = looked.kind !== "seen" || looked.value === null;
  return { count: isOut && !stopped ? files.length : count, stopped };
}
