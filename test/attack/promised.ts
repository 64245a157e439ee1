/**
 * Every place that bootstrap promises (src/host/plan), with what hostile agents may do there by owner, mode and access
 * list. The attempts at places of root and of others are made from it, so that a new place is attacked without a word.
 */
import { noHolds } from "../../src/config/holds.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { NamedEntry } from "../../src/host/acl-entries.ts";
import type { DirectoryFact, Fact, FileFact } from "../../src/host/facts.ts";
import { parsePeople } from "../../src/host/ids.ts";
import { plan } from "../../src/host/plan.ts";
import { assignUids } from "../../src/host/registry.ts";
import type { World } from "../../src/host/world.ts";
import { manifests } from "./manifests.ts";

/** Those who make the attempts of the table, from the vantages that are theirs. */
const hostile = ["mallory", "mona", "wally", "exa"] as const;
const frontDesk = "name: concierge\ntier: operator\ndescription: d\n";
const gids = { agents: 19_990, trusted: 19_991, "con-gateway": 19_992 };

function world(): World {
  const all = { ...manifests, concierge: frontDesk };
  const { config, problems } = parseConfig({
    system: {
      path: "con.yaml",
      text: "system: {front_desk: concierge}\nmodels: {fast: [builtin/reflex], smart: [builtin/reflex]}\n",
    },
    agents: Object.entries(all).map(([name, text]) => ({ path: `agents.d/${name}.yaml`, text })),
  });
  if (config === null) throw new Error(JSON.stringify(problems));
  const people = parsePeople("", "");
  return {
    ...{ config, people, gids, gatewayUid: gids["con-gateway"], holds: noHolds, now: 0 },
    children: new Map(),
    formerGrants: new Set(),
    deployed: [],
    registry: assignUids({}, Object.keys(all).sort(), people),
    assembled: new Map(Object.keys(all).map((name) => [name, { text: "x", skills: [] }])),
    bells: new Set(),
    inotifyLimit: 128,
    credentials: new Set(),
    network: { usable: true, addresses: new Map(), resolvers: [] },
    contracts: new Map(),
  };
}

type Place = DirectoryFact | FileFact;

export interface Promised {
  readonly path: string;
  readonly kind: Place["kind"];
  /** None of the hostile may look inside. */
  readonly isSecret: boolean;
}

const mayWrite = 2;
const mayRead = 4;

function allows(place: Place, uid: number, bit: number): boolean {
  if (place.uid === uid) return (place.mode & (bit << 6)) !== 0;
  const named: readonly NamedEntry[] = place.kind === "directory" ? place.named : [];
  const own = named.find(({ tag, id }) => tag === "user" && id === uid);
  if (own !== undefined) return (own.perms & bit) !== 0;
  const groups = [uid, gids.agents];
  const group = named.some(
    ({ tag, id, perms }) => tag === "group" && groups.includes(id) && (perms & bit) !== 0,
  );
  const isGroups = groups.includes(place.gid);
  if (group || isGroups) return group || (place.mode & (bit << 3)) !== 0;
  return (place.mode & bit) !== 0;
}

const isPlace = (fact: Fact): fact is Place => fact.kind === "directory" || fact.kind === "file";

/** Of the agents one has something to lose; the parts of the others are like its parts. */
const isAlike = (path: string): boolean =>
  /[/@](concierge|loner|nettie|goldie|exa|mona|vandal|wally)\b/.test(path);

export function promised(): Promised[] {
  const seen = world();
  const uids = hostile.map((name) => seen.registry[name] ?? 0);
  const none = (place: Place, bit: number): boolean =>
    uids.every((uid) => !allows(place, uid, bit));
  return plan(seen)
    .facts.filter(isPlace)
    .filter((place) => none(place, mayWrite) && !isAlike(place.path))
    .filter(({ path }) => !path.startsWith("/srv/con/agents/mallory/"))
    .map((place) => ({ path: place.path, kind: place.kind, isSecret: none(place, mayRead) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
