/**
 * The machine against what was promised: `drift` looks, `converge` brings back. Both take the facts of the
 * snapshot, with the holds laid over them, and none of what /etc/con says now.
 *
 * Never: gives a fact that was not promised; guesses when there is no snapshot. After a crash: some facts
 * are true again and the others still drifted; a second run finishes.
 */

import { readHolds } from "../config/holds.ts";
import { nodeDisk } from "../system/disk.ts";
import { type AclLibrary, openAcl } from "./acl.ts";
import { applyPeople, applyStrays, type Failure } from "./apply.ts";
import { type Change, diff, diffPeople, findStrays } from "./diff.ts";
import type { Fact, Stray } from "./facts.ts";
import { withHolds } from "./holds.ts";
import { type FactKind, kindOf, kindOfStray } from "./kinds.ts";
import { whileStill, withApplyLock } from "./lock.ts";
import { observe, observePeople, type Seen } from "./observe.ts";
import { realise, realiseRules } from "./realise.ts";
import { agentOfFact, nameOfFact } from "./report.ts";
import { loadSnapshot, type Snapshot } from "./snapshot.ts";

export interface Filter {
  readonly agents?: readonly string[];
  readonly kinds?: readonly FactKind[];
}

/** One thing that is not as it was promised. */
export interface Drift {
  readonly kind: FactKind;
  /** Path, unit, user, or `table inet con`. */
  readonly name: string;
  /** What is different, in words; holds no content of a file. */
  readonly why: string;
  readonly agent: string | null;
}

export interface Converged {
  readonly changes: string[];
  readonly failures: Failure[];
}

/**
 * Changes nothing. Throws `ConError` 69 when nothing was ever promised. What is seen while something is being made,
 * say a temporary agent, is looked at again when that is over.
 */
export async function drift(filter: Filter = {}): Promise<Drift[]> {
  const found = await driftNow(filter);
  if (found.length === 0) return found;
  return (await whileStill(nodeDisk, () => driftNow(filter))) ?? found;
}

async function driftNow(filter: Filter): Promise<Drift[]> {
  const { changes, strays } = await differences(loadSnapshot(), filter, openAcl());
  return [
    ...changes.map(({ fact, why }) => ({
      kind: kindOf(fact),
      name: nameOfFact(fact),
      why,
      agent: agentOfFact(fact),
    })),
    ...strays.map(({ stray, kind }) => ({
      kind,
      name: stray.name,
      why: "nobody promised it",
      agent: stray.agent,
    })),
  ];
}

/** Makes the facts that `filter` lets through true; idempotent. */
export function converge(filter: Filter = {}): Promise<Converged> {
  return withApplyLock(nodeDisk, async () => {
    const acls = openAcl();
    const snapshot = loadSnapshot();
    const { facts, changes, strays, units } = await differences(snapshot, filter, acls);
    const missing = changes.filter(({ fact }) => fact.kind === "user" || fact.kind === "group");
    const failures = await applyPeople(snapshot.people, missing);
    const refused = await realiseRules(changes);
    if (refused !== null) failures.push({ what: "packet rules", why: refused, agent: null });
    const done = await realise(facts, changes, units, acls);
    await applyStrays(
      strays.map(({ stray }) => stray),
      acls,
    );
    const deaf = done.deaf.map((agent) => ({ what: `con@${agent}.path`, why: noInotify, agent }));
    return {
      changes: [
        ...changes.map(({ fact, why }) => `${fact.kind} ${nameOfFact(fact)}: ${why}`),
        ...strays.map(({ stray }) => `${stray.kind} ${stray.name}: taken away`),
      ],
      failures: [...failures, ...done.failures, ...deaf],
    };
  });
}

const noInotify = "it did not start: see systemctl status, and run con bootstrap";

interface Differences {
  readonly facts: readonly Fact[];
  readonly changes: readonly Change[];
  readonly strays: readonly { readonly stray: Stray; readonly kind: FactKind }[];
  readonly units: Awaited<ReturnType<typeof observe>>["units"];
}

async function differences(
  snapshot: Snapshot,
  filter: Filter,
  acls: AclLibrary,
): Promise<Differences> {
  const tierOf = (agent: string): string => snapshot.tiers[agent] ?? "worker";
  const all = withHolds(snapshot.facts, readHolds(), tierOf);
  const facts = all.filter(lets(filter));
  const seen = await observe(facts, acls);
  const people = snapshot.people.filter(lets(filter));
  const { missing, wrong } = diffPeople(people, observePeople());
  return {
    facts,
    changes: [...missing, ...wrong, ...diff(facts, seen)],
    strays: strayParts(snapshot, all, seen, filter),
    units: seen.units,
  };
}

/** Units, drop-ins and compiled files of known agents that are there and were not promised. */
function strayParts(
  { tiers }: Snapshot,
  facts: readonly Fact[],
  seen: Seen,
  { agents, kinds }: Filter,
): Differences["strays"] {
  const nobody = new Set<string>();
  const known = { configured: new Set(Object.keys(tiers)), keep: nobody, orphans: nobody };
  return findStrays(facts, seen, known, []).flatMap((stray) => {
    const kind = kindOfStray(stray);
    const fits =
      !stray.pruneOnly &&
      (kinds === undefined || kinds.includes(kind)) &&
      (agents === undefined || (stray.agent !== null && agents.includes(stray.agent)));
    return fits ? [{ stray, kind }] : [];
  });
}

function lets({ agents, kinds }: Filter): (fact: Fact) => boolean {
  return (fact) => {
    const agent = agentOfFact(fact);
    return (
      (agents === undefined || (agent !== null && agents.includes(agent))) &&
      (kinds === undefined || kinds.includes(kindOf(fact)))
    );
  };
}
