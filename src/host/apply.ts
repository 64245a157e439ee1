/**
 * Makes changes true, in the order in which they depend on one another. What fails is returned, and the
 * rest is still done. Never: decides what should be; that is the plan's work.
 */
import fs from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "../system/disk.ts";
import { exec } from "../system/exec.ts";
import type { AclLibrary } from "./acl.ts";
import { fullAcl } from "./acl-entries.ts";
import { spread } from "./deep.ts";
import { type Change, unitOfDropIn } from "./diff.ts";
import type { DirectoryFact, Fact, PathFact, PersonFact, Stray, UnitFact } from "./facts.ts";
import { isChildUid } from "./ids.ts";
import { owe, owed, settleOwed } from "./owed.ts";
import * as paths from "./paths.ts";
import { sysusersText } from "./plan/people.ts";
import { refreshUnits } from "./refresh.ts";
import { agentOfPath } from "./report.ts";
import { listUnits, onUnits, type Units } from "./systemd.ts";
import { directoryFlags, procPath, type Walk, withDescriptor, withWalk } from "./walk.ts";
import { makePath, makeWith } from "./write.ts";

export interface Failure {
  readonly what: string;
  readonly why: string;
  /** Agent that it concerns; null = the system itself. */
  readonly agent: string | null;
}

/** Users and groups, all at once (systemd-sysusers(8)). */
export async function applyPeople(
  wanted: readonly PersonFact[],
  missing: readonly Change[],
): Promise<Failure[]> {
  const lasting = (fact: PersonFact): boolean => !isChildUid(fact.id);
  const all = missing.map(({ fact }) => fact).filter((fact): fact is PersonFact => "id" in fact);
  const failures: Failure[] = [];
  if (all.some(lasting)) {
    fs.mkdirSync("/etc/sysusers.d", { recursive: true, mode: 0o755 });
    const text = sysusersText(wanted.filter(lasting));
    fs.writeFileSync(paths.sysusersFile, text, { mode: 0o644 });
    failures.push(...(await sysusers(paths.sysusersFile)));
  }
  // No file of theirs: another boot would make users that nobody wants any more.
  const passing = all.filter((fact) => !lasting(fact));
  if (passing.length > 0) failures.push(...(await sysusers("-", sysusersText(passing))));
  return failures;
}

async function sysusers(file: string, input = ""): Promise<Failure[]> {
  const result = await exec(["systemd-sysusers", file], { input, timeoutMs: 120_000 });
  if (result.code === 0) return [];
  return [{ what: "users", why: result.stderr.trim().split("\n")[0] ?? "", agent: null }];
}

/** Directories and files; then PID 1 learns about drop-ins of units that it holds in memory. */
export async function applyPaths(
  facts: readonly Fact[],
  changes: readonly Change[],
  units: Units,
  acls: AclLibrary,
): Promise<Failure[]> {
  const changed = changes
    .map(({ fact }) => fact)
    .filter((fact): fact is PathFact => "path" in fact);
  const now = changed.filter(({ kind }) => kind !== "fifo");
  const before = new Set(owed());
  owe(now.map(({ path }) => path));
  const failures = withWalk("make", (walk) => makePaths(facts, now, walk, acls));
  failures.push(...spreadOwed(facts, now, before, acls));
  if (now.some(({ path }) => path.startsWith(paths.library)))
    await exec(["sync", "-f", paths.library]);
  await refreshUnits(owed(), units);
  settleOwed();
  return failures;
}

/** Grants whose directory a run before had set, perhaps without all that lies below. */
function spreadOwed(
  facts: readonly Fact[],
  now: readonly PathFact[],
  before: ReadonlySet<string>,
  acls: AclLibrary,
): Failure[] {
  if (before.size === 0) return [];
  const managed = new Set(facts.flatMap((fact) => (fact.kind === "directory" ? fact.path : [])));
  const again = new Set(now.map(({ path }) => path));
  return facts.flatMap((fact) =>
    fact.kind === "directory" && fact.deep && before.has(fact.path) && !again.has(fact.path)
      ? spreadGrant(fact, managed, acls)
      : [],
  );
}

/** In the order given: a directory before what lies in it. Nothing is made below one that failed. */
export function makePaths(
  facts: readonly Fact[],
  wanted: readonly PathFact[],
  walk: Walk,
  acls: AclLibrary,
): Failure[] {
  const managed = new Set(facts.flatMap((fact) => (fact.kind === "directory" ? fact.path : [])));
  const failures: Failure[] = [];
  const closed = new Set<string>();
  const leftOut = new Map<string, Failure>();
  for (const fact of wanted) {
    const above = nearest(fact.path, closed);
    const agent = agentOfPath(fact.path);
    if (above !== null) {
      const why = `left out with all else below ${above}, which could not be made`;
      const key = `${above} ${agent}`;
      if (!leftOut.has(key)) leftOut.set(key, { what: fact.path, why, agent });
      continue;
    }
    const why = makeWith(walk, fact, acls);
    if (why !== null) failures.push({ what: fact.path, why, agent });
    if (fact.kind !== "directory") continue;
    if (why !== null) closed.add(fact.path);
    else if (fact.deep) failures.push(...spreadGrant(fact, managed, acls));
  }
  return [...failures, ...leftOut.values()];
}

/** The directory above that could not be made, if any. */
function nearest(path: string, closed: ReadonlySet<string>): string | null {
  if (closed.size === 0) return null;
  for (let above = dirname(path); above !== "/"; above = dirname(above))
    if (closed.has(above)) return above;
  return null;
}

const spreadGrant = (
  fact: DirectoryFact,
  managed: ReadonlySet<string>,
  acls: AclLibrary,
): Failure[] => spread(fact, managed, acls).map((why) => ({ what: fact.path, why, agent: null }));

/** Starts what should listen, stops what is held. Returns the units that are not as wanted. */
export async function applyUnits(changes: readonly Change[]): Promise<UnitFact[]> {
  const all = changes.map(({ fact }) => fact).filter((fact) => fact.kind === "unit");
  if (all.length === 0) return [];
  const named = (wanted: UnitFact["wanted"]): string[] =>
    all.filter((fact) => fact.wanted === wanted).map(({ name }) => name);
  await onUnits("stop", named("inactive"));
  await onUnits("start", named("active"));
  const after = await listUnits();
  const active = (name: string): boolean => after.get(name)?.active === "active";
  return all.filter(({ name, wanted }) => active(name) !== (wanted === "active"));
}

/** FIFOs exist once their socket unit listens. */
export function applyFifos(facts: readonly Fact[], acls: AclLibrary): Failure[] {
  return facts.flatMap((fact) => {
    if (fact.kind !== "fifo") return [];
    const why = makePath(fact, acls);
    return why === null ? [] : [{ what: fact.path, why, agent: agentOfPath(fact.path) }];
  });
}

/** Removes what should not be. Data of agents stays; only the way to it is closed. */
export async function applyStrays(strays: readonly Stray[], acls: AclLibrary): Promise<void> {
  const units = strays.filter(({ kind }) => kind === "unit").map(({ name }) => name);
  await onUnits("stop", units);
  await onUnits("reset-failed", units);
  const gone = strays.filter(({ kind }) => kind === "path").map(({ name }) => name);
  owe(gone);
  for (const path of gone) removeTree(path);
  await refreshUnits(gone, await listUnits());
  settleOwed();
  for (const { kind, name } of strays) if (kind === "agent-directory") closeAgent(name, acls);
}

/** A drop-in folder that became empty goes too. */
function removeTree(path: string): void {
  withWalk("refuse", ({ entry }) => {
    const folder = dirname(path);
    fs.rmSync(entry(path), { recursive: true, force: true });
    if (unitOfDropIn(path) === null || fs.readdirSync(dirname(entry(path))).length > 0) return;
    fs.rmdirSync(entry(folder));
  });
}

/** The base directory is root's, so what lies in it by these names is the agent's own. */
function closeAgent(base: string, acls: AclLibrary): void {
  withWalk("refuse", ({ entry }) =>
    withDescriptor(entry(base), directoryFlags, (fd) => {
      closeInbox(join(procPath(fd), "inbox"), acls);
      fs.fchmodSync(fd, 0o700);
    }),
  );
}

function closeInbox(inbox: string, acls: AclLibrary): void {
  try {
    withDescriptor(inbox, directoryFlags, (fd) => {
      acls.set(procPath(fd), "access", fullAcl(0o700, []));
      acls.set(procPath(fd), "default", []);
    });
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
