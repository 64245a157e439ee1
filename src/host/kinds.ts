/** Parts of what bootstrap promised, by what a person would call them. Pure. */
import { join } from "node:path";
import type { Fact } from "./facts.ts";
import { artifacts, library, logs, root } from "./paths.ts";

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

export const contractsDirectory = join(root, "contracts");
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

function kindOfPath(path: string): FactKind {
  if (path === contractsDirectory || path.startsWith(`${contractsDirectory}/`)) return "contracts";
  if (instructions.test(path)) return "instructions";
  if (path.startsWith("/run/systemd/system/")) return "units";
  const shared = [root, artifacts, logs].some((at) => path === at || path.startsWith(`${at}/`));
  return shared ? "directories" : "configuration";
}
