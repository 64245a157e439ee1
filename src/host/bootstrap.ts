/**
 * `con bootstrap` and `con verify`: configuration and machine → plan → diff → apply.
 *
 * A second run finds nothing to do. After a crash in the middle the next run goes on where the machine
 * is; con-ready.target is reached only after a run that came to its end.
 */
import fs from "node:fs";
import type { Problem } from "../config/types.ts";
import { nodeDisk } from "../system/disk.ts";
import { saveAccepted } from "./accepted.ts";
import { openAcl } from "./acl.ts";
import { applyStrays, type Failure } from "./apply.ts";
import { noteReach } from "./children/reach.ts";
import { type Change, diff, findStrays } from "./diff.ts";
import { laterOf } from "./expiry.ts";
import type { Fact, Stray } from "./facts.ts";
import { withHolds } from "./holds.ts";
import { kindOf } from "./kinds.ts";
import { withApplyLock } from "./lock.ts";
import { openAgentDirectories } from "./machine.ts";
import { observe, type Seen } from "./observe.ts";
import * as paths from "./paths.ts";
import { viewsOf } from "./plan/views.ts";
import { type Plan, plan } from "./plan.ts";
import { type Options, type Prepared, prepare, readConfig, type Session } from "./prepare.ts";
import { realise, realiseRules } from "./realise.ts";
import { keyOf, promised, type Snapshot, saveSnapshot, snapshotIfAny } from "./snapshot.ts";
import type { Finding, World } from "./world.ts";

export interface Report {
  /** What was done, or with --dry-run would be. */
  readonly changes: readonly Change[];
  /** Those of `changes` that an earlier run had promised: the machine moved, not the configuration. */
  readonly drifted: ReadonlySet<Change>;
  readonly strays: readonly Stray[];
  readonly problems: readonly Problem[];
  readonly findings: readonly Finding[];
  readonly failures: readonly Failure[];
  /** False when con.yaml itself is bad: nothing was done. */
  readonly applied: boolean;
}

/** One at a time; a dry run only looks. */
export const bootstrap = (options: Options): Promise<Report> =>
  options.dryRun ? run(options) : withApplyLock(nodeDisk, () => run(options));

async function run(options: Options): Promise<Report> {
  const { config, problems } = await readConfig();
  if (config === null) return nothing(problems);
  const session: Session = { options, acls: openAcl(), changes: [], failures: [] };
  const prepared = await prepare(session, config, problems);
  const { world, findings } = prepared;
  if (!options.dryRun) noteReach(nodeDisk, world, viewsOf(world));
  const final = await converge(session, world);
  const before = snapshotIfAny();
  if (!options.dryRun) promise(final, prepared);
  const strays = await clean(session, final, before, prepared.orphans);
  if (!options.dryRun) fs.writeFileSync(paths.appliedFile, "");
  return {
    changes: session.changes,
    drifted: driftedOf(session.changes, before),
    strays: strays.removed,
    problems,
    findings: [
      ...findings,
      ...final.plan.findings,
      ...strays.findings,
      ...bellFindings(final.world),
    ],
    failures: session.failures,
    applied: true,
  };
}

const nothing = (problems: readonly Problem[]): Report => ({
  changes: [],
  drifted: new Set(),
  strays: [],
  problems,
  findings: [],
  failures: [],
  applied: false,
});

interface Converged {
  readonly world: World;
  readonly plan: Plan;
  readonly seen: Seen;
  /** Whether the machine is no longer as it was seen. */
  readonly changed: boolean;
}

function driftedOf(changes: readonly Change[], before: Snapshot | null): Set<Change> {
  if (before === null) return new Set();
  const was = promised(before);
  return new Set(changes.filter(({ fact }) => was(fact)));
}

/**
 * Before the strays: a hold or a repair in between must find the new promise. What was accepted comes first: facts
 * that are promised and not accepted would be taken back by the next temporary agent.
 */
function promise(
  { world, plan: { facts } }: Converged,
  { accepted, people }: Pick<Prepared, "accepted" | "people">,
): void {
  const tiers = Object.fromEntries(tiersOf(world));
  const { network, bells } = world;
  saveAccepted(nodeDisk, { ...accepted, world: { ...accepted.world, network, bells } });
  saveSnapshot(nodeDisk, { version: 1, facts, later: laterOf(world, facts), people, tiers });
}

export function tiersOf({ config, deployed }: World): Map<string, string> {
  return new Map([
    ...config.agents.map(({ name, tier }) => [name, tier] as const),
    ...deployed.map(({ entry }) => [entry.name, entry.tier] as const),
  ]);
}

/** Each turn gives up one thing that the machine refuses, so it ends. */
async function converge(session: Session, start: World): Promise<Converged> {
  let world = start;
  const tiers = tiersOf(start);
  for (;;) {
    const current = plan(world);
    const facts = withHolds(current.facts, world.holds, (agent) => tiers.get(agent) ?? "worker");
    const seen = await observe(facts, session.acls);
    const changes = diff(facts, seen);
    if (session.options.dryRun) {
      session.changes.push(...changes);
      return { world, plan: current, seen, changed: false };
    }
    const refused = await realiseRules(changes);
    if (refused !== null) {
      world = { ...world, network: { usable: false, why: refused } };
      session.failures.push({ what: "packet rules", why: refused, agent: null });
      continue;
    }
    session.changes.push(...changes);
    const { failures, deaf } = await realise(facts, changes, seen.units, session.acls);
    session.failures.push(...failures);
    if (deaf.length === 0)
      return { world, plan: current, seen, changed: session.changes.length > 0 };
    world = { ...world, bells: new Set([...world.bells, ...deaf]) };
  }
}

async function clean(
  { options, acls }: Session,
  { world, plan: final, seen: before, changed }: Converged,
  snapshot: Snapshot | null,
  orphans: ReadonlySet<string>,
): Promise<{ removed: Stray[]; findings: Finding[] }> {
  const configured = new Set(world.config.agents.map(({ name }) => name));
  const keep = new Set(world.config.excluded);
  const retired = openAgentDirectories().filter((name) => !configured.has(name) && !keep.has(name));
  const seen = changed ? await observe([], acls) : before;
  const strays = [
    ...findStrays(final.facts, seen, { configured, keep, orphans }, retired),
    ...switchedOff(final.facts, snapshot),
  ];
  const removed = strays.filter((one) => !one.pruneOnly || prunes(options.prune, one.agent));
  if (!options.dryRun) await applyStrays(removed, acls);
  const left = new Set(
    strays.filter((one) => !removed.includes(one)).flatMap(({ agent }) => agent ?? []),
  );
  return { removed, findings: [...left].sort().map(unconfigured) };
}

const prunes = (prune: Options["prune"], agent: string | null): boolean =>
  typeof prune === "boolean" ? prune : agent !== null && prune.includes(agent);

/** Contract files of ours that are not wanted any more. What others put there is not ours to remove. */
function switchedOff(facts: readonly Fact[], snapshot: Snapshot | null): Stray[] {
  const wanted = new Set(facts.map(keyOf));
  return (snapshot?.facts ?? []).flatMap((fact): Stray[] => {
    if (fact.kind !== "file" || kindOf(fact) !== "contracts" || wanted.has(keyOf(fact))) return [];
    if (!fs.existsSync(fact.path)) return [];
    return [{ kind: "path", name: fact.path, agent: null, pruneOnly: false }];
  });
}

const unconfigured = (agent: string): Finding => ({
  what: `agent ${agent}`,
  why: "it has no manifest any more, but units, files or grants of it are still there",
  remedy: "con bootstrap --prune takes them away and keeps its data",
});

function bellFindings({ bells, inotifyLimit }: World): Finding[] {
  if (bells.size === 0) return [];
  const names = [...bells].sort();
  const some =
    names.length > 5
      ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`
      : names.join(", ");
  return [
    {
      what: `${names.length} agents are woken by a bell: ${some}`,
      why: `fs.inotify.max_user_instances is ${inotifyLimit}, which is too few path units; plain drops there are found by the sweep within 30 s`,
      remedy: "raise it on the host: sysctl fs.inotify.max_user_instances=8192, then con bootstrap",
    },
  ];
}
