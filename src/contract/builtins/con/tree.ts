/**
 * Walks a tree that agents write: by descriptors, no link followed, never more entries or levels than said.
 * Gives the machine a turn now and then, and stops when its deadline has passed.
 */
import { setImmediate as turn } from "node:timers/promises";
import { type Entry, type Look, type Looked, lookInto } from "./look.ts";

export interface Bounds {
  readonly depth: number;
  readonly entries: number;
  readonly signal: AbortSignal;
}

export interface Found {
  /** Path below the root, for people. */
  readonly path: string;
  readonly entry: Entry;
  readonly stat: Look["stat"];
  /** The directory that it lies in. */
  readonly look: Look;
}

export type Walked = "whole" | "too many" | "aborted" | { readonly odd: string };

const turnEvery = 2_000;

/**
 * Calls `visit` for every entry but directories, always in the same order. `enter` says by name whether to go into a directory. Each
 * directory is entered anew from the root, so that none is held open across a turn.
 */
export async function walkTree(
  root: string,
  bounds: Bounds,
  enter: (name: string, depth: number) => boolean,
  visit: (found: Found) => void,
): Promise<Walked> {
  const waiting: (readonly Entry[])[] = [[]];
  let seen = 0;
  let turnedAt = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (bounds.signal.aborted) return "aborted";
    const trail = next;
    const looked = lookInto(root, (look) =>
      descend(look, trail, (here) => {
        const { list, more } = here.entries(bounds.entries - seen);
        seen += list.length;
        for (const entry of [...list].sort(byName)) {
          const stat = here.lstat(entry);
          if (stat === null) continue;
          if (!stat.isDirectory())
            visit({ path: pathOf([...trail, entry]), entry, stat, look: here });
          else if (trail.length < bounds.depth && enter(entry.text, trail.length))
            waiting.push([...trail, entry]);
        }
        return more;
      }),
    );
    const end = endOf(looked, trail.length === 0);
    if (end !== null) return end;
    if (seen - turnedAt < turnEvery) continue;
    turnedAt = seen;
    await turn();
  }
  return "whole";
}

const byName = (a: Entry, b: Entry): number => Buffer.compare(a.bytes, b.bytes);

/** Null = go on. */
function endOf(looked: Looked<boolean | null>, isRoot: boolean): Walked | null {
  if (looked.kind === "odd") return isRoot ? { odd: looked.why } : null;
  if (looked.kind === "missing") return isRoot ? "whole" : null;
  return looked.value === true ? "too many" : null;
}

function descend<T>(look: Look, trail: readonly Entry[], act: (look: Look) => T): T | null {
  const [first, ...rest] = trail;
  return first === undefined ? act(look) : look.into(first, (inner) => descend(inner, rest, act));
}

const pathOf = (trail: readonly Entry[]): string => trail.map(({ text }) => text).join("/");
