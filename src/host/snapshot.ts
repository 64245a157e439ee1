/**
 * What the latest bootstrap promised: every fact with its content, in one file that only root reads.
 *
 * The steward and the drift check take facts from here and not from /etc/con, so that an edit which
 * nobody has bootstrapped is neither applied nor called drift. Replaced whole; after a crash the old or
 * the new one is there. A missing or damaged one says so: what was promised is not guessed.
 */

import type { Disk } from "../system/disk.ts";
import { replaceDurably } from "../system/durable.ts";
import { ConError } from "../system/errors.ts";
import type { Fact, PersonFact } from "./facts.ts";
import { textAt, unusable } from "./kept-file.ts";
import { snapshot as defaultPath } from "./paths.ts";

/** What becomes different at a moment. */
export interface Later {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly facts: readonly Fact[];
  /** Keys of facts that are wanted no more. */
  readonly gone: readonly string[];
}

export interface Snapshot {
  readonly version: 1;
  /** In the order in which they are made, without the holds that lay over them. */
  readonly facts: readonly Fact[];
  /** By time: what becomes of them because grants end. Absent in a file of an earlier version. */
  readonly later?: readonly Later[];
  readonly people: readonly PersonFact[];
  /** Agent → tier. */
  readonly tiers: Readonly<Record<string, string>>;
}

/** Bytes that are no text become `{base64}`. */
const encode = (_key: string, value: unknown): unknown =>
  value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value;

/** Buffer has a toJSON of its own that runs before the replacer, so contents are wrapped first. */
function plain(fact: Fact): unknown {
  return fact.kind === "file" && typeof fact.content !== "string"
    ? { ...fact, content: new Uint8Array(fact.content) }
    : fact;
}

function revive(fact: Fact): Fact {
  if (fact.kind !== "file" || typeof fact.content === "string") return fact;
  const { base64 } = fact.content as unknown as { readonly base64?: unknown };
  return { ...fact, content: Buffer.from(String(base64 ?? ""), "base64") };
}

/** Writes only what is not there already: a second bootstrap costs no disk. */
export function saveSnapshot(disk: Disk, snapshot: Snapshot, path: string = defaultPath): void {
  const whole = {
    ...snapshot,
    facts: snapshot.facts.map(plain),
    later: (snapshot.later ?? []).map((one) => ({ ...one, facts: one.facts.map(plain) })),
  };
  const text = `${JSON.stringify(whole, encode)}\n`;
  if (textAt(path) !== text) replaceDurably(disk, path, Buffer.from(text), 0o600);
}

/** For those who can do without: null where there is none that can be used. */
export function snapshotIfAny(path: string = defaultPath): Snapshot | null {
  try {
    return loadSnapshot(path);
  } catch (error) {
    if (!(error instanceof ConError)) throw error;
    return null;
  }
}

/** With the facts as they are promised for `now`: a grant that has ended is in none of them. */
export function loadSnapshot(path: string = defaultPath, now: number = Date.now()): Snapshot {
  const text = textAt(path);
  if (text === null) throw unusable(path, "it is not there");
  try {
    const value = JSON.parse(text) as Snapshot;
    if (value.version === 1 && Array.isArray(value.facts) && Array.isArray(value.people))
      return { ...value, facts: factsAt(value, now) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw unusable(path, "it is damaged or of another version");
}

/** The facts as they are wanted at `now`. */
function factsAt({ facts, later = [] }: Snapshot, now: number): readonly Fact[] {
  return later
    .filter(({ at }) => at <= now)
    .reduce<readonly Fact[]>((current, one) => {
      const coming = one.facts.map(revive);
      const changed = new Map(coming.map((fact) => [keyOf(fact), fact]));
      const gone = new Set(one.gone);
      const known = new Set(current.map(keyOf));
      return [
        ...current
          .filter((fact) => !gone.has(keyOf(fact)))
          .map((fact) => changed.get(keyOf(fact)) ?? fact),
        ...coming.filter((fact) => !known.has(keyOf(fact))),
      ];
    }, facts.map(revive));
}

/** What tells facts apart: the same key is the same thing, perhaps wanted otherwise. */
export function keyOf(fact: Fact): string {
  if ("path" in fact) return `path ${fact.path}`;
  return fact.kind === "rules" ? "rules" : `${fact.kind} ${fact.name}`;
}

/** Whether a fact is wanted now exactly as it was promised then. */
export function promised(snapshot: Snapshot): (fact: Fact) => boolean {
  const text = (fact: Fact): string => JSON.stringify(plain(fact), encode);
  const all = new Map([...snapshot.facts, ...snapshot.people].map((one) => [keyOf(one), one]));
  return (fact) => {
    const then = all.get(keyOf(fact));
    // A hold changes only what a unit is wanted as, and is no edit of the configuration.
    if (then?.kind === "unit") return true;
    return then !== undefined && text(then) === text(fact);
  };
}
