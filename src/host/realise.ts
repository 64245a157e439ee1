/**
 * Makes the machine equal to a list of facts, given what differs: rules, then paths, then units, then FIFOs.
 * Never: decides what is wanted. After a crash in the middle the next run sees what still differs.
 */

import type { AclLibrary } from "./acl.ts";
import { applyFifos, applyPaths, applyUnits, type Failure } from "./apply.ts";
import type { Change } from "./diff.ts";
import type { Fact, UnitFact } from "./facts.ts";
import { loadRules } from "./rules.ts";
import type { Units } from "./systemd.ts";

export interface Realised {
  readonly failures: readonly Failure[];
  /** Path units that did not come up: their agents need a bell. */
  readonly deaf: readonly string[];
}

/** Loads the packet rules if they differ; returns why they were refused. */
export async function realiseRules(changes: readonly Change[]): Promise<string | null> {
  for (const { fact } of changes) if (fact.kind === "rules") return loadRules(fact.text);
  return null;
}

/** `facts` is the whole list that `changes` come from. */
export async function realise(
  facts: readonly Fact[],
  changes: readonly Change[],
  units: Units,
  acls: AclLibrary,
): Promise<Realised> {
  const failures = await applyPaths(facts, changes, units, acls);
  const notAsWanted = await applyUnits(changes);
  const isDeaf = ({ name, agent, wanted }: UnitFact): boolean =>
    agent !== null && wanted === "active" && name.endsWith(".path");
  return {
    failures: [
      ...failures,
      ...notAsWanted.filter((unit) => !isDeaf(unit)).map(failedUnit),
      ...applyFifos(facts, acls),
    ],
    deaf: notAsWanted.filter(isDeaf).flatMap(({ agent }) => agent ?? []),
  };
}

const failedUnit = ({ name, agent, wanted }: UnitFact): Failure => ({
  what: name,
  why: `it did not ${wanted === "active" ? "start" : "stop"}: see systemctl status`,
  agent,
});
