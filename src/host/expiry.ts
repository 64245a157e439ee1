/**
 * Grants that end: what is promised from then on. Pure.
 *
 * Bootstrap plans for now, and once more for each moment at which a grant ends; what differs lies beside
 * the promise. Whoever reads the promise later gets the facts of that time, so an end needs no look at
 * /etc/con, where somebody may be in the middle of an edit. con-expiry.timer has them made true.
 */
import { endsAfter } from "../config/grants.ts";
import type { DirectoryFact, Fact, FileFact } from "./facts.ts";
import { viewsOf } from "./plan/views.ts";
import { plan } from "./plan.ts";
import { keyOf, type Later } from "./snapshot.ts";
import type { World } from "./world.ts";

/** `facts` are those of `world` now. */
export function laterOf(world: World, facts: readonly Fact[]): Later[] {
  const ends = new Set(
    viewsOf(world).all.flatMap(({ constraints }) => endsAfter(constraints, world.now)),
  );
  const formerGrants = new Set([...world.formerGrants, ...grantedDirectories(facts)]);
  let before = facts;
  return [...ends]
    .sort((a, b) => a - b)
    .map((at) => {
      const after = plan({ ...world, now: at, formerGrants }).facts;
      const later = { at, ...difference(before, after) };
      before = after;
      return later;
    });
}

/** Directories whose access lists carry grants. */
export const grantedDirectories = (facts: readonly Fact[]): string[] =>
  facts
    .filter((fact): fact is DirectoryFact => fact.kind === "directory" && fact.deep)
    .map(({ path }) => path);

export function difference(before: readonly Fact[], after: readonly Fact[]): Omit<Later, "at"> {
  const then = new Map(before.map((fact) => [keyOf(fact), fact]));
  const now = new Set(after.map(keyOf));
  return {
    facts: after.filter((fact) => !same(then.get(keyOf(fact)), fact)),
    gone: [...then.keys()].filter((key) => !now.has(key)),
  };
}

function same(a: Fact | undefined, b: Fact): boolean {
  if (a === undefined || a.kind !== b.kind) return false;
  if (a.kind === "file" && b.kind === "file")
    return sameContent(a.content, b.content) && text(bare(a)) === text(bare(b));
  return text(a) === text(b);
}

const text = (value: unknown): string => JSON.stringify(value);
const bare = ({ content: _, ...rest }: FileFact): Omit<FileFact, "content"> => rest;

const sameContent = (a: FileFact["content"], b: FileFact["content"]): boolean =>
  a === b || (typeof a !== "string" && typeof b !== "string" && Buffer.from(a).equals(b));
