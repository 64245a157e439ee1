/** Desired facts against the machine → changes, each with its reason. Pure. */
import { basename, dirname, join } from "node:path";
import { compiledPaths } from "../config/compiled.ts";
import { isTemporaryName } from "../system/durable.ts";
import { formatAcl, fullAcl, type NamedEntry, sameAcl } from "./acl-entries.ts";
import type { DirectoryFact, Fact, FileFact, PathFact, PersonFact, Stray } from "./facts.ts";
import type { People } from "./ids.ts";
import type { Seen, SeenPath } from "./observe.ts";
import * as paths from "./paths.ts";

export interface Change<F extends Fact = Fact> {
  readonly fact: F;
  /** What is different, in words. */
  readonly why: string;
}

export function diff(facts: readonly Fact[], seen: Seen): Change[] {
  return facts.flatMap((fact) => {
    const why = differenceOf(fact, seen);
    return why === null ? [] : [{ fact, why }];
  });
}

function differenceOf(fact: Fact, seen: Seen): string | null {
  switch (fact.kind) {
    case "user":
    case "group":
      return null;
    case "unit": {
      const state = seen.units.get(fact.name)?.active ?? "inactive";
      if (fact.wanted === "active") return state === "active" ? null : `${state}, not active`;
      const rests = state === "inactive" || state === "failed";
      return rests ? null : `${state}, though ${fact.agent} is held`;
    }
    case "rules":
      return seen.rules === "as-wanted" ? null : seen.rules === "none" ? "not loaded" : "changed";
    default: {
      const found = seen.paths.get(fact.path);
      return found === undefined ? "missing" : pathDifference(fact, found);
    }
  }
}

function pathDifference(fact: PathFact, found: SeenPath): string | null {
  if (found.type !== fact.kind) return `a ${found.type}, not a ${fact.kind}`;
  if (fact.kind === "link") {
    if (found.target !== fact.target) return `points to ${found.target}`;
    return found.dangling ? `${fact.target} is missing` : null;
  }
  if (fact.kind === "fifo") return aclDifference(fact.mode, fact.named, found);
  const owner = `${found.uid}:${found.gid}`;
  if (owner !== `${fact.uid}:${fact.gid}`) return `owner ${owner}, not ${fact.uid}:${fact.gid}`;
  return fact.kind === "file" ? fileDifference(fact, found) : directoryDifference(fact, found);
}

function fileDifference(fact: FileFact, found: SeenPath): string | null {
  if (found.content === null || !found.content.equals(Buffer.from(fact.content))) return "content";
  return aclDifference(fact.mode, [], found);
}

function directoryDifference(fact: DirectoryFact, found: SeenPath): string | null {
  const { inherit } = fact;
  const wanted = inherit === null ? [] : fullAcl(inherit.mode, inherit.named);
  return (
    aclDifference(fact.mode, fact.named, found) ??
    (sameAcl(found.inherit, wanted)
      ? null
      : `default ACL ${formatAcl(found.inherit) || "none"}, not ${formatAcl(wanted) || "none"}`)
  );
}

function aclDifference(mode: number, named: readonly NamedEntry[], found: SeenPath): string | null {
  if ((found.mode & 0o7000) !== (mode & 0o7000))
    return `mode ${found.mode.toString(8)}, not ${mode.toString(8)}`;
  const wanted = fullAcl(mode, named);
  if (sameAcl(found.access, wanted)) return null;
  return `access ${formatAcl(found.access)}, not ${formatAcl(wanted)}`;
}

/** Users and groups that sysusers has to make, or whose numbers are not what we need. */
export function diffPeople(
  wanted: readonly PersonFact[],
  people: People,
): { missing: Change<PersonFact>[]; wrong: Change<PersonFact>[] } {
  const missing: Change<PersonFact>[] = [];
  const wrong: Change<PersonFact>[] = [];
  for (const fact of wanted) {
    const id =
      fact.kind === "user" ? people.users.get(fact.name)?.uid : people.groups.get(fact.name)?.gid;
    const lacking = fact.groups.filter(
      (name) => !people.groups.get(name)?.members.includes(fact.name),
    );
    if (id === undefined) missing.push({ fact, why: "missing" });
    else if (fact.kind === "user" && id !== fact.id)
      wrong.push({ fact, why: `its uid is ${id}, not ${fact.id}` });
    else if (lacking.length > 0) missing.push({ fact, why: `not in ${lacking.join(", ")}` });
  }
  return { missing, wrong };
}

/**
 * What lies on the machine and is not in the plan. `keep` are agents that are left alone; `retired`
 * have an open directory and no manifest; `orphans` are temporary agents without a place in the plan.
 */
export function findStrays(
  facts: readonly Fact[],
  seen: Seen,
  agents: Readonly<Record<"configured" | "keep" | "orphans", ReadonlySet<string>>>,
  retired: readonly string[],
): Stray[] {
  const planned = new Set(
    facts.flatMap((fact) => ("path" in fact ? fact.path : fact.kind === "unit" ? fact.name : [])),
  );
  const stray = (kind: Stray["kind"], name: string, agent: string | null): Stray[] =>
    planned.has(name) || (agent !== null && agents.keep.has(agent))
      ? []
      : [{ kind, name, agent, pruneOnly: agent !== null && !isKnown(agent) }];
  const isKnown = (agent: string): boolean =>
    agents.configured.has(agent) || agents.orphans.has(agent);
  return [
    ...[...seen.units].flatMap(([name, { active }]) => {
      const agent = agentOfUnit(name);
      if (agent === null || active === "inactive") return [];
      // The runner of an agent that has a manifest comes and goes as it likes.
      const runs = name.endsWith(".service") && agents.configured.has(agent);
      return runs ? [] : stray("unit", name, agent);
    }),
    ...[...seen.dropIns].flatMap(([folder, names]) =>
      names.flatMap((name) =>
        stray("path", join(paths.dropIns, folder, name), agentOfUnit(folder)),
      ),
    ),
    ...outermost(seen.compiled.flatMap((path) => stray("path", path, agentOfCompiled(path)))),
    ...retired.flatMap((name) => stray("agent-directory", paths.agentBase(name), name)),
  ];
}

/** `con@NAME.path`, `con@NAME.timer`, `con-bell@NAME.socket`, the runner, and their `.d`. */
function agentOfUnit(name: string): string | null {
  return (
    /^con(?:-bell)?@([a-z][a-z0-9-]*)\.(?:path|timer|socket|service|service\.d|path\.d|timer\.d)$/.exec(
      name,
    )?.[1] ?? null
  );
}

/** Null for what a bootstrap that was killed had not yet given its name (write.ts): nobody's, so the next one takes it away. */
function agentOfCompiled(path: string): string | null {
  const { agents } = compiledPaths();
  const name = path.slice(agents.length + 1).split("/")[0] ?? "";
  return isTemporaryName(name) ? null : name.replace(/\.json$/, "");
}

/** A folder that goes takes its content along. */
function outermost(strays: readonly Stray[]): Stray[] {
  const names = new Set(strays.map(({ name }) => name));
  return strays.filter(({ name }) => !names.has(dirname(name)));
}

/** The unit that a drop-in belongs to, or null for any other path. */
export function unitOfDropIn(path: string): string | null {
  const folder = dirname(path);
  return dirname(folder) === paths.dropIns ? basename(folder).replace(/\.d$/, "") : null;
}
