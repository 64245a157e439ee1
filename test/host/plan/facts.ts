/** What tests look up in a plan. */
import type { DirectoryFact, Fact, FileFact } from "../../../src/host/facts.ts";

export function directory(facts: readonly Fact[], path: string): DirectoryFact {
  const found = facts.find((fact) => fact.kind === "directory" && fact.path === path);
  if (found?.kind !== "directory") throw new Error(`no ${path}`);
  return found;
}

/** Uid → permissions. */
export const users = ({ named }: Pick<DirectoryFact, "named">): Record<number, number> =>
  Object.fromEntries(named.filter(({ tag }) => tag === "user").map(({ id, perms }) => [id, perms]));

const files = (facts: readonly Fact[], end: string): FileFact[] =>
  facts.filter((fact): fact is FileFact => fact.kind === "file" && fact.path.endsWith(end));

/** Of the first file whose path ends so; empty where there is none. */
export const text = (facts: readonly Fact[], end: string): string =>
  String(files(facts, end)[0]?.content ?? "");

export const units = (facts: readonly Fact[]): string[] =>
  facts.flatMap((fact) => (fact.kind === "unit" ? fact.name : []));

/** Lines of a drop-in without its first, which says who made it; null where there is none. */
export function dropIn(facts: readonly Fact[], end: string): string[] | null {
  const [found] = files(facts, end);
  return found === undefined ? null : String(found.content).trimEnd().split("\n").slice(1);
}

/** A chain of the packet rules, as one line each. */
export function chain(facts: readonly Fact[], name: string): string[] {
  const rules = facts.find((fact) => fact.kind === "rules");
  const [, after = ""] = rules?.kind === "rules" ? rules.text.split(`chain ${name} {\n`) : [];
  const [inside = ""] = after.split("\n  }");
  return inside.split("\n").map((line) => line.trim());
}
