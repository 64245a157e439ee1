/** Attempts at every place that bootstrap promises and that is not the agent's: made from src/host/plan. */
import { promised } from "../promised.ts";
import { type Attempt, attempt, everywhere, type Group } from "../table.ts";

/** What would be lost, by the beginning of the path; the longest one counts. */
const losses: Readonly<Record<string, string>> = {
  "/etc/con/credentials": "keys of providers",
  "/run/con": "locks and marks of con",
  "/run/con/bell": "bells of others",
  "/run/con/browser": "the web without a grant",
  "/run/con/ended": "any temporary agent, ended",
  "/run/con/sandbox": "processor time of others",
  "/run/systemd/system": "every directive of a unit",
  "/srv/con/agents/colleague": "another agent's privacy",
  "/srv/con/agents/colleague/outbox": "answers; forged answers in its name",
  "/srv/con/archive": "what retired agents knew",
  "/srv/con/contracts": "what is watched; a shell of root's",
  "/srv/con/logs": "the record of what was done",
  "/srv/con/steward": "what people asked; forged answers",
  "/srv/con/tools": "tools that others believe in",
  "/var/lib/con/approvals": "the rule that people decide",
  "/var/lib/con/children": "who made whom, with what",
  "/var/lib/con/commissions": "who answers for whom",
  "/var/lib/con/compiled": "who may do what",
  "/var/lib/con/compiled/agents/colleague": "another agent's orders",
  "/var/lib/con/compiled/agents/mallory": "every bound that its runner keeps",
  "/var/lib/con/compiled/gateway.json": "budgets and callers of all",
  "/var/lib/con/health": "what contracts remember",
  "/var/lib/con/holds": "any agent, stopped or let go",
  "/var/lib/con/layer-orders": "packages that nobody listed",
  "/var/lib/con/layers": "code of forged tools, of all agents",
  "/var/lib/con/outcomes": "the judgement of its own work",
  "/var/lib/con/proposals": "what people agreed to, and the way back",
  "/var/lib/con/reach": "files that temporary agents left",
  "/var/lib/con/steward": "changes that the steward is in the middle of",
};

function lossAt(path: string): string {
  const known = Object.keys(losses).filter((one) => path === one || path.startsWith(`${one}/`));
  const longest = known.sort((a, b) => b.length - a.length)[0];
  return losses[longest ?? ""] ?? "what root keeps";
}

const withoutMounts = everywhere.filter((one) => one !== "shell");
const isOnTheWay = (path: string): boolean =>
  ["/srv/con/agents/mallory/", "/srv/con/artifacts/both"].some((one) => one.startsWith(`${path}/`));

const at = (path: string, deed: "create" | "append" | "list" | "read"): Attempt => {
  const verb = { create: "create in", append: "write to", list: "list", read: "read" }[deed];
  return attempt({
    name: `${verb} ${path}`,
    loses: lossAt(path),
    stops:
      deed === "list" || deed === "read"
        ? "owner, mode and access list; mounts"
        : "owner, mode and access list; ProtectSystem=strict",
    deed,
    with: () => ({ path }),
    // A sandbox has a folder of that name, with nothing in it but what it is to show.
    from: deed === "list" && isOnTheWay(path) ? withoutMounts : everywhere,
  });
};

export const promisedGroup: Group = {
  title: "Every place of root and of others that bootstrap makes",
  attempts: promised().flatMap(({ path, kind, isSecret }) =>
    kind === "directory"
      ? [at(path, "create"), ...(isSecret ? [at(path, "list")] : [])]
      : [at(path, "append"), ...(isSecret ? [at(path, "read")] : [])],
  ),
};
