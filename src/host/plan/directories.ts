/** Directories with owner, mode and ACL: docs/decisions/0001-spine.md, "Modes". Pure. */
import { dirname, join } from "node:path";
import type { NamedEntry } from "../acl-entries.ts";
import type { DirectoryFact } from "../facts.ts";
import * as paths from "../paths.ts";
import type { World } from "../world.ts";
import { browserDirectory } from "./browser.ts";
import { sandboxDirectory } from "./sandbox.ts";
import { callsShared, mayAsk, type View, type Views } from "./views.ts";

const rwx = 7;

export function planDirectories(world: World, views: Views): DirectoryFact[] {
  const configured = views.all.filter(({ agent }) => agent !== null);
  return [
    ...systemDirectories(world, views),
    ...outerInbox(world, views),
    ...configured.flatMap((view) => agentDirectories(world, views, view)),
  ];
}

const directory = (
  path: string,
  uid: number,
  gid: number,
  mode: number,
  rest: Partial<Pick<DirectoryFact, "named" | "inherit" | "deep">> = {},
): DirectoryFact => ({
  kind: "directory",
  path,
  uid,
  gid,
  mode,
  named: rest.named ?? [],
  inherit: rest.inherit ?? null,
  deep: rest.deep ?? false,
});

function systemDirectories(world: World, views: Views): DirectoryFact[] {
  const ours = (path: string, mode: number) => directory(path, 0, 0, mode);
  return [
    ours(paths.root, 0o755),
    ours(join(paths.root, "agents"), 0o711),
    directory(paths.ledgerDirectory, world.gatewayUid, world.gids["con-gateway"], 0o750),
    agentAudit(world, views),
    ours(paths.library, 0o755),
    ours(join(paths.library, "compiled"), 0o755),
    ours(join(paths.library, "compiled/agents"), 0o711),
    ours(paths.credentials, 0o700),
    ours(paths.holds, 0o755),
    ours(paths.healthState, 0o700),
    ours(paths.outcomes, 0o711),
    forPeople(world, paths.approvals),
    forPeople(world, paths.proposals),
    sharedTools(world, views),
    ...stewardDirectories(world, views),
    ours(paths.archive, 0o700),
    ours(paths.commissions, 0o755),
    ours(paths.layers, 0o755),
    ours(paths.layerOrders, 0o700),
    ours(paths.children, 0o700),
    ours(paths.reach, 0o700),
    ours(dirname(paths.changes), 0o700),
    ours(paths.changes, 0o700),
    ours(paths.runtime, 0o755),
    ours(paths.bellDirectory, 0o755),
    ours(paths.ended, 0o755),
    sandboxDirectory(views),
    browserDirectory(views),
  ];
}

/** Root writes, members of group trusted read. */
function forPeople(world: World, path: string): DirectoryFact {
  const named = [trusted(world, 5)];
  return directory(path, 0, 0, 0o2750, { named, inherit: { mode: 0o750, named } });
}

/** Root writes; agents that may call one of them read them all, and people. */
function sharedTools(world: World, views: Views): DirectoryFact {
  const agents = views.all.filter(callsShared).map(({ uid }) => user(uid, 5));
  const named = [...agents.sort((a, b) => a.id - b.id), trusted(world, 5)];
  return directory(paths.sharedTools, 0, 0, 0o750, { named });
}

/** Readers are those of the logs; the gateway alone writes, and the default ACL lets them read new files. */
function agentAudit(world: World, views: Views): DirectoryFact {
  const reads = ({ can }: View): boolean =>
    can.read.some((path) => `${paths.agentAudit}/`.startsWith(`${path}/`));
  const agents = views.all.filter(reads).map(({ uid }) => user(uid, 5));
  const named = [...agents.sort((a, b) => a.id - b.id), trusted(world, 5)];
  return directory(paths.agentAudit, world.gatewayUid, world.gids["con-gateway"], 0o2750, {
    named,
    inherit: { mode: 0o750, named },
    deep: true,
  });
}

/** Requests are dropped like tasks: sticky, so that nobody removes another's. */
function stewardDirectories(world: World, views: Views): DirectoryFact[] {
  const read = [trusted(world, 5)];
  const askers = views.all.filter(mayAsk).map(({ uid }) => uid);
  return [
    directory(paths.steward, 0, 0, 0o711),
    directory(paths.stewardInbox, 0, world.gids.trusted, 0o3770, {
      named: askers.sort((a, b) => a - b).map((uid) => user(uid)),
      inherit: { mode: 0o750, named: [] },
    }),
    directory(join(paths.steward, "outbox"), 0, 0, 0o2750, {
      named: read,
      inherit: { mode: 0o750, named: read },
    }),
    directory(join(paths.steward, "corrupt"), 0, 0, 0o700),
  ];
}

const user = (id: number, perms = rwx): NamedEntry => ({ tag: "user", id, perms });

export const trusted = (world: World, perms = rwx): NamedEntry => ({
  tag: "group",
  id: world.gids.trusted,
  perms,
});

/** Who may drop into the inbox of `name`, or ring its bell. */
export function senders(world: World, views: Views, name: string): NamedEntry[] {
  const uids = new Set([...views.taskers(name), ...views.answerers(name)]);
  return [...[...uids].sort((a, b) => a - b).map((uid) => user(uid)), trusted(world)];
}

/**
 * Sticky, so that nobody removes another's task; set-group-id and a default ACL, so that the agent can
 * read what was dropped whatever the sender's umask is.
 */
function inbox(path: string, view: View, named: readonly NamedEntry[]): DirectoryFact {
  return directory(path, view.uid, view.gid, 0o3770, {
    named,
    inherit: { mode: 0o750, named: [] },
  });
}

function outerInbox(world: World, views: Views): DirectoryFact[] {
  const front = views.all.find(({ name }) => name === world.config.system.frontDesk);
  return front === undefined ? [] : [inbox(join(paths.root, "inbox"), front, [trusted(world)])];
}

const privateDirectories = [
  "processed",
  "queue",
  "queue/active",
  "queue/deferred",
  "queue/held",
  "queue/corrupt",
  "queue/failed",
  "state",
  "state/journal",
  "workspace",
  "tools",
  "archive",
];

function agentDirectories(world: World, views: Views, view: View): DirectoryFact[] {
  const base = paths.agentBase(view.name);
  const compiled = join(paths.library, "compiled/agents", view.name);
  const answers = {
    named: [trusted(world, 5)],
    inherit: { mode: 0o750, named: [trusted(world, 5)] },
  };
  return [
    directory(base, 0, 0, 0o711),
    inbox(join(base, "inbox"), view, senders(world, views, view.name)),
    directory(join(base, "outbox"), view.uid, view.gid, 0o2750, answers),
    ...privateDirectories.map((name) => directory(join(base, name), view.uid, view.gid, 0o700)),
    directory(compiled, 0, view.gid, 0o750),
    // Set-group-id: what contracts write there is the agent's to read, and nobody else's.
    directory(join(paths.outcomes, view.name), 0, view.gid, 0o2750),
    directory(join(compiled, "skills"), 0, view.gid, 0o750),
  ];
}
