/** What a fact is called, and whose it is. Pure. */
import type { Fact } from "./facts.ts";
import { agentBase } from "./paths.ts";

/** What a person would look for: a path, a unit, a user. */
export const nameOfFact = (fact: Fact): string =>
  "path" in fact ? fact.path : "name" in fact ? fact.name : "table inet con";

export function agentOfFact(fact: Fact): string | null {
  if ("path" in fact) return agentOfPath(fact.path);
  if (fact.kind === "unit") return fact.agent;
  if (fact.kind === "user" && fact.name.startsWith("a-")) return fact.name.slice(2);
  return null;
}

/** Which agent a path belongs to, as far as its name says. */
export function agentOfPath(path: string): string | null {
  const match =
    new RegExp(`^${agentBase("([^/]+)")}`).exec(path) ??
    /^\/var\/lib\/con\/compiled\/agents\/([^/]+?)(?:\.json)?(?:\/|$)/.exec(path) ??
    /\/con@([^/]+)\.[a-z]+\.d\//.exec(path) ??
    /^\/run\/con\/bell\/([^/]+)$/.exec(path);
  return match?.[1] ?? null;
}
