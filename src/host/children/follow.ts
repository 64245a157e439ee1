/**
 * Makes the machine follow the records of temporary agents, and nothing else: what is planned from what bootstrap
 * accepted is held against what was promised last, and only what differs is made. The machine is not looked at.
 *
 * Never: applies an edit of /etc/con; starts a runner. After a crash the promise is the old one, so that the next
 * run makes the same once more.
 */
import { readHolds } from "../../config/holds.ts";
import { nodeDisk } from "../../system/disk.ts";
import { type Accepted, loadAccepted, saveAccepted } from "../accepted.ts";
import { type AclLibrary, openAcl } from "../acl.ts";
import { applyPeople, type Failure } from "../apply.ts";
import { tiersOf } from "../bootstrap.ts";
import type { Laid } from "../children.ts";
import { isTooDeep } from "../deep.ts";
import { type Change, diffPeople } from "../diff.ts";
import { difference, grantedDirectories, laterOf } from "../expiry.ts";
import type { Fact, PersonFact } from "../facts.ts";
import { withHolds } from "../holds.ts";
import { isChildUid, type People, userOf } from "../ids.ts";
import { grantsStillThere, hostsOf, resolveAll } from "../machine.ts";
import { observePeople } from "../observe.ts";
import { planPeople } from "../plan/people.ts";
import { viewsOf } from "../plan/views.ts";
import { plan } from "../plan.ts";
import { realise, realiseRules } from "../realise.ts";
import { keyOf, loadSnapshot, type Snapshot, saveSnapshot } from "../snapshot.ts";
import { listUnits } from "../systemd.ts";
import type { World } from "../world.ts";
import { noteReach } from "./reach.ts";
import { readSpawns } from "./read.ts";
import { type Moment, worldOf } from "./world.ts";

export interface Followed {
  readonly world: World;
  readonly failures: readonly Failure[];
}

/** Holds the apply lock already. `without`: names that are on their way out. */
export async function follow(without: ReadonlySet<string>): Promise<Followed> {
  const acls = openAcl();
  const accepted = loadAccepted();
  const before = loadSnapshot();
  const moment = momentNow(accepted, before, without);
  const made = await makeUsers(accepted, moment);
  const world = await withNames(accepted, made.world);
  noteReach(nodeDisk, world, viewsOf(world));
  const { facts } = plan(world);
  const tiers = tiersOf(world);
  const failures = await makeDifferent(before, { world, facts, tiers }, acls);
  saveSnapshot(nodeDisk, {
    version: 1,
    facts,
    later: laterOf(world, facts),
    people: [...before.people.filter(({ id }) => !isChildUid(id)), ...made.people],
    tiers: Object.fromEntries(tiers),
  });
  return { world, failures: [...made.failures, ...failures] };
}

const momentNow = (
  { world }: Accepted,
  before: Snapshot,
  without: ReadonlySet<string>,
): Moment & { readonly without: ReadonlySet<string> } => ({
  spawns: readSpawns().spawns,
  without,
  now: Date.now(),
  formerGrants: grantsStillThere(grantedDirectories(before.facts)),
  holds: readHolds(),
  people: world.people,
});

/** Who has a wrong uid on this machine is left out: its files would belong to somebody else. */
async function makeUsers(
  accepted: Accepted,
  moment: Moment & { readonly without: ReadonlySet<string> },
): Promise<{ world: World; people: readonly PersonFact[]; failures: Failure[] }> {
  const first = worldOf(accepted, moment);
  const people = usersOf(accepted, first.laid);
  const { missing } = diffPeople(people, observePeople());
  const failures = await applyPeople(people, missing);
  const now = observePeople();
  const wrong = [...diffPeople(people, now).missing, ...diffPeople(people, now).wrong];
  const out = wrong.flatMap(({ fact, why }): Failure[] =>
    fact.kind === "user" ? [{ what: `user ${fact.name}`, why, agent: fact.name.slice(2) }] : [],
  );
  const without = new Set([...moment.without, ...out.flatMap(({ agent }) => agent ?? [])]);
  const seen = { ...moment, without, people: together(accepted.world.people, now, first.laid) };
  const { world } = worldOf(accepted, seen);
  return {
    world,
    people: people.filter(({ name }) => world.children.has(name.slice(2))),
    failures: [...failures, ...out],
  };
}

const usersOf = ({ world }: Accepted, { uids }: Laid): PersonFact[] =>
  planPeople(Object.keys(uids).sort(), uids, world.config.system).filter(({ id }) =>
    isChildUid(id),
  );

/** Of others as bootstrap saw them: who joined a group since then is a matter of the next one. */
function together(accepted: People, now: People, { children }: Laid): People {
  const users = [...children.keys()].flatMap((name) => {
    const user = now.users.get(userOf(name));
    return user === undefined ? [] : [[userOf(name), user] as const];
  });
  return { ...accepted, users: new Map([...accepted.users, ...users]) };
}

/** Addresses of host names that no manifest and no role names. */
async function withNames(accepted: Accepted, world: World): Promise<World> {
  const { network } = world;
  if (!network.usable) return world;
  const unknown = hostsOf(world.config.agents).filter((host) => !network.addresses.has(host));
  if (unknown.length === 0) return world;
  const found = await resolveAll(unknown);
  const more = { ...network, addresses: new Map([...network.addresses, ...found]) };
  // Else the next run would not know them and close the way again.
  saveAccepted(nodeDisk, { ...accepted, world: { ...accepted.world, network: more } });
  return { ...world, network: more };
}

interface Wanted {
  readonly world: World;
  readonly facts: readonly Fact[];
  readonly tiers: ReadonlyMap<string, string>;
}

async function makeDifferent(
  before: Snapshot,
  { world, facts, tiers }: Wanted,
  acls: AclLibrary,
): Promise<readonly Failure[]> {
  const different = new Set(difference(before.facts, facts).facts.map(keyOf));
  if (different.size === 0) return [];
  const held = withHolds(facts, world.holds, (agent) => tiers.get(agent) ?? "worker");
  const changes = held
    .filter((fact) => different.has(keyOf(fact)))
    .map((fact): Change => ({ fact, why: "it is not what was promised before" }));
  const refused = await realiseRules(changes);
  if (refused !== null) return [{ what: "packet rules", why: refused, agent: null }];
  const { failures } = await realise(held, changes, await listUnits(), acls);
  // What lies deeper than any tool works gets no entries, and gives nobody any.
  return failures.filter(({ why }) => !isTooDeep(why));
}
