/**
 * `con bootstrap` and `con verify`: configuration and machine → plan → diff → apply.
 *
 * A second run finds nothing to do. After a crash in the middle the next run goes on where the machine
 * is; con-ready.target is reached only after a run that came to its end.
 */
import fs from "node:fs";
import type { Problem } from "../config/types.ts";
import { openAcl } from "./acl.ts";
import { applyFifos, applyPaths, applyStrays, applyUnits, type Failure } from "./apply.ts";
import { type Change, diff, findStrays } from "./diff.ts";
import type { Stray } from "./facts.ts";
import { openAgentDirectories } from "./machine.ts";
import { observe, type Seen } from "./observe.ts";
import * as paths from "./paths.ts";
import { type Plan, plan } from "./plan.ts";
import { type Options, prepare, readConfig, type Session } from "./prepare.ts";
import { loadRules } from "./rules.ts";
import type { Finding, World } from "./world.ts";

export interface Report {
  /** What was done, or with --dry-run would be. */
  readonly changes: readonly Change[];
  readonly strays: readonly Stray[];
  readonly problems: readonly Problem[];
  readonly findings: readonly Finding[];
  readonly failures: readonly Failure[];
  /** False when con.yaml itself is bad: nothing was done. */
  readonly applied: boolean;
}

export async function bootstrap(options: Options): Promise<Report> {
  const { config, problems } = await readConfig();
  if (config === null) return nothing(problems);
  const session: Session = { options, acls: openAcl(), changes: [], failures: [] };
  const { world, findings } = await prepare(session, config, problems);
  const final = await converge(session, world);
  const strays = await clean(session, final);
  if (!options.dryRun) fs.writeFileSync(paths.appliedFile, "");
  return {
    changes: session.changes,
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

/** Each turn gives up one thing that the machine refuses, so it ends. */
async function converge(session: Session, start: World): Promise<Converged> {
  let world = start;
  for (;;) {
    const current = plan(world);
    const seen = await observe(current.facts, session.acls);
    const changes = diff(current.facts, seen);
    if (session.options.dryRun) {
      session.changes.push(...changes);
      return { world, plan: current, seen, changed: false };
    }
    const refused = await applyRules(changes);
    if (refused !== null) {
      world = { ...world, network: { usable: false, why: refused } };
      session.failures.push({ what: "packet rules", why: refused, agent: null });
      continue;
    }
    session.changes.push(...changes);
    session.failures.push(...(await applyPaths(current.facts, changes, seen.units, session.acls)));
    const down = await applyUnits(changes);
    const deaf = down.flatMap(({ name, agent }) =>
      agent !== null && name.endsWith(".path") ? agent : [],
    );
    session.failures.push(...failedUnits(down));
    session.failures.push(...applyFifos(current.facts, session.acls));
    if (deaf.length === 0)
      return { world, plan: current, seen, changed: session.changes.length > 0 };
    world = { ...world, bells: new Set([...world.bells, ...deaf]) };
  }
}

async function applyRules(changes: readonly Change[]): Promise<string | null> {
  for (const { fact } of changes) if (fact.kind === "rules") return loadRules(fact.text);
  return null;
}

const failedUnits = (down: readonly { name: string; agent: string | null }[]): Failure[] =>
  down
    .filter(({ name, agent }) => agent === null || !name.endsWith(".path"))
    .map(({ name, agent }) => ({
      what: name,
      why: "it did not start: see systemctl status",
      agent,
    }));

async function clean(
  { options, acls }: Session,
  { world, plan: final, seen: before, changed }: Converged,
): Promise<{ removed: Stray[]; findings: Finding[] }> {
  const configured = new Set(world.config.agents.map(({ name }) => name));
  const keep = new Set(world.config.excluded);
  const retired = openAgentDirectories().filter((name) => !configured.has(name) && !keep.has(name));
  const seen = changed ? await observe([], acls) : before;
  const strays = findStrays(final.facts, seen, { configured, keep }, retired);
  const removed = strays.filter(({ pruneOnly }) => options.prune || !pruneOnly);
  if (!options.dryRun) await applyStrays(removed, acls);
  const left = new Set(
    strays.filter((one) => !removed.includes(one)).flatMap(({ agent }) => agent ?? []),
  );
  return { removed, findings: [...left].sort().map(unconfigured) };
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
