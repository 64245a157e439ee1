/**
 * Read and write grants of manifests as ACLs of shared directories. Pure.
 *
 * A grant covers a directory and all below: the entry stands in the directory's access ACL and in its
 * default ACL, and the directories above get search permission for that uid only.
 */
import { dirname } from "node:path";
import type { NamedEntry } from "../acl-entries.ts";
import type { DirectoryFact } from "../facts.ts";
import * as paths from "../paths.ts";
import type { World } from "../world.ts";
import { trusted } from "./directories.ts";
import type { Views } from "./views.ts";

const read = 5;
const write = 7;
const search = 1;

interface Grant {
  readonly directory: string;
  readonly uid: number;
  readonly perms: number;
}

export function planGrants(world: World, views: Views): DirectoryFact[] {
  const grants = views.all
    .flatMap(({ uid, can }): Grant[] => [
      ...can.read.map((directory) => ({ directory, uid, perms: read })),
      ...can.write.map((directory) => ({ directory, uid, perms: write })),
    ])
    .filter(({ directory }) => isShared(directory));
  const former = [...world.formerGrants].filter(isShared);
  const all = new Set(roots);
  for (const directory of [...grants.map((grant) => grant.directory), ...former])
    for (let at = directory; !all.has(at); at = dirname(at)) all.add(at);
  // What the gateway keeps has its own owner and readers; see directories.ts.
  const ours = [...all].filter((path) => !covers(paths.agentAudit, path));
  return ours.map((path) => shared(world, path, grants));
}

const roots = [paths.artifacts, paths.logs, paths.reports, paths.metrics, paths.audit];

/** Nothing else is ever given a new owner or an access list here, whatever a compiled file of an agent says. */
const isShared = (path: string): boolean => roots.some((root) => covers(root, path));

function shared(world: World, path: string, grants: readonly Grant[]): DirectoryFact {
  const perms = new Map<number, number>();
  const add = (uid: number, bits: number) => perms.set(uid, (perms.get(uid) ?? 0) | bits);
  for (const grant of grants) if (covers(grant.directory, path)) add(grant.uid, grant.perms);
  const inherited = entries(perms);
  for (const grant of grants) if (covers(path, grant.directory)) add(grant.uid, search);
  // The gateway passes through the logs to its ledger and its audit trail.
  if (path === paths.logs || path === paths.audit) add(world.gatewayUid, search);
  // Logs are evidence: people read them, and only the programs that keep them write.
  const people = trusted(world, covers(paths.logs, path) ? read : write);
  return {
    kind: "directory",
    path,
    uid: 0,
    gid: 0,
    // Numbers only, for a collector that has the folder mounted; the way to it is closed all the same.
    mode: path === paths.metrics ? 0o755 : 0o750,
    named: [...entries(perms), people],
    inherit: { mode: 0o750, named: [...inherited, people] },
    deep: true,
  };
}

const covers = (outer: string, inner: string): boolean =>
  outer === inner || inner.startsWith(`${outer}/`);

const entries = (perms: ReadonlyMap<number, number>): NamedEntry[] =>
  [...perms]
    .map(([id, bits]): NamedEntry => ({ tag: "user", id, perms: bits }))
    .sort((a, b) => a.id - b.id);
