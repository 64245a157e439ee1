/** Parts of what bootstrap promised, by what a person would call them. Pure. */
import type { Fact, Stray } from "./facts.ts";
import { contracts, library, root } from "./paths.ts";

export type FactKind =
  | "users"
  | "directories"
  | "instructions"
  | "contracts"
  | "units"
  | "rules"
  | "configuration";

export const factKinds: readonly FactKind[] = [
  "users",
  "directories",
  "instructions",
  "contracts",
  "units",
  "rules",
  "configuration",
];

const instructions = new RegExp(`^${library}/compiled/agents/[^/]+/(AGENTS\\.md|skills)(/|$)`);

/** Every fact belongs to exactly one kind. */
export function kindOf(fact: Fact): FactKind {
  switch (fact.kind) {
    case "user":
    case "group":
      return "users";
    case "rules":
      return "rules";
    case "unit":
    case "fifo":
      return "units";
    default:
      return kindOfPath(fact.path);
  }
}

export const kindOfStray = ({ kind, name }: Stray): FactKind =>
  kind === "path" ? kindOfPath(name) : kind === "user" ? "users" : "units";

function kindOfPath(path: string): FactKind {
  if (isBelow(contracts, path)) return "contracts";
  if (instructions.test(path)) return "instructions";
  if (path.startsWith("/run/systemd/system/")) return "units";
  return isBelow(root, path) ? "directories" : "configuration";
}

const isBelow = (top: string, path: string): boolean => path === top || path.startsWith(`${top}/`);
