/** Who descends from whom, by the records of the steward alone. Pure. */
import { wantedChild } from "../../host/children/state.ts";
import type { Child, Place, Spawn } from "../../host/children/types.ts";

interface Found {
  readonly spawn: Spawn;
  readonly place: Place;
  readonly child: Child;
}

/** The record of a temporary agent that is to be there. */
export function recordOf(spawns: readonly Spawn[], name: string): Found | null {
  for (const spawn of spawns)
    for (const place of spawn.places) {
      const child = wantedChild(place);
      if (child?.name === name) return { spawn, place, child };
    }
  return null;
}

/** `name` itself, its parent, and so on up to the agent that has a manifest. */
export function lineOf(spawns: readonly Spawn[], name: string): string[] {
  const line = [name];
  for (let found = recordOf(spawns, name); found !== null; ) {
    const { parent } = found.spawn;
    // A circle is in no record that we wrote.
    if (line.includes(parent)) break;
    line.push(parent);
    found = recordOf(spawns, parent);
  }
  return line;
}

/** Names of all temporary agents below `name` that are there or have to go. */
export function descendants(spawns: readonly Spawn[], name: string): string[] {
  const found = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop())
    for (const { parent, places } of spawns)
      if (parent === next)
        for (const { child } of places)
          if (child !== null && !found.has(child.name)) {
            found.add(child.name);
            open.push(child.name);
          }
  return [...found];
}

/** Places that are not settled yet: each is a child that lives, is made, or is made once more. */
const unsettled = ({ places }: Spawn): number =>
  places.filter(({ result }) => result === null).length;

export const aliveInAll = (spawns: readonly Spawn[]): number =>
  spawns.reduce((sum, spawn) => sum + unsettled(spawn), 0);

/** Of all generations below `name`. */
export function aliveBelow(spawns: readonly Spawn[], name: string): number {
  const family = new Set([name, ...descendants(spawns, name)]);
  return aliveInAll(spawns.filter(({ parent }) => family.has(parent)));
}
