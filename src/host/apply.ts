/**
 * Makes changes true, in the order in which they depend on one another. What fails is returned, and the
 * rest is still done. Never: decides what should be; that is the plan's work.
 */
import fs from "node:fs";
import { dirname, join } from "node:path";
import { compiledPaths } from "../config/compiled.ts";
import { exec } from "../system/exec.ts";
import type { AclLibrary } from "./acl.ts";
import { fullAcl } from "./acl-entries.ts";
import { spread } from "./deep.ts";
import { type Change, unitOfDropIn } from "./diff.ts";
import type { DirectoryFact, Fact, PathFact, PersonFact, Stray, UnitFact } from "./facts.ts";
import * as paths from "./paths.ts";
import { sysusersText } from "./plan/people.ts";
import { listUnits, onUnits, reloadUnits, type Units } from "./systemd.ts";
import { makePath, procPath, withDescriptor } from "./write.ts";

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
  if (missing.length === 0) return [];
  fs.mkdirSync("/etc/sysusers.d", { recursive: true, mode: 0o755 });
  fs.writeFileSync(paths.sysusersFile, sysusersText(wanted), { mode: 0o644 });
  const result = await exec(["systemd-sysusers", paths.sysusersFile], { timeoutMs: 120_000 });
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
  const failures: Failure[] = [];
  const changed = changes
    .map(({ fact }) => fact)
    .filter((fact): fact is PathFact => "path" in fact);
  const now = changed.filter(({ kind }) => kind !== "fifo");
  const managed = new Set(facts.flatMap((fact) => (fact.kind === "directory" ? fact.path : [])));
  for (const fact of now) {
    const why = makePath(fact, acls);
    if (why !== null) failures.push({ what: fact.path, why, agent: agentOfPath(fact.path) });
    else if (fact.kind === "directory" && fact.deep)
      failures.push(...spreadGrant(fact, managed, acls));
  }
  if (now.some(({ path }) => path.startsWith(paths.library)))
    await exec(["sync", "-f", paths.library]);
  await refreshUnits(
    now.map(({ path }) => path),
    units,
  );
  return failures;
}

const spreadGrant = (
  fact: DirectoryFact,
  managed: ReadonlySet<string>,
  acls: AclLibrary,
): Failure[] => spread(fact, managed, acls).map((why) => ({ what: fact.path, why, agent: null }));

/** A drop-in of a unit that PID 1 never loaded is read when it starts: no reload on that way. */
async function refreshUnits(changedPaths: readonly string[], units: Units): Promise<void> {
  const touched = new Set(changedPaths.flatMap((path) => unitOfDropIn(path) ?? []));
  const loaded = [...touched].filter((unit) => units.has(unit));
  if (loaded.length > 0) await reloadUnits();
  const listening = loaded.filter(
    (unit) => /\.(path|timer)$/.test(unit) && units.get(unit)?.active === "active",
  );
  await onUnits("restart", listening);
  await refreshGateway(changedPaths, loaded);
}

/**
 * A running gateway knows the callers and keys of its start. It ends after the calls under way, and the
 * socket keeps new ones until it is back: before the units of new agents are started.
 */
async function refreshGateway(
  changedPaths: readonly string[],
  loaded: readonly string[],
): Promise<void> {
  const isOld = changedPaths.includes(compiledPaths().gateway) || loaded.includes(gatewayUnit);
  if (isOld) await onUnits("try-restart", [gatewayUnit]);
}

const gatewayUnit = "con-gateway.service";

/** Starts what should listen. Returns the units that did not come up. */
export async function applyUnits(changes: readonly Change[]): Promise<UnitFact[]> {
  const wanted = changes.map(({ fact }) => fact).filter((fact) => fact.kind === "unit");
  if (wanted.length === 0) return [];
  await onUnits(
    "start",
    wanted.map(({ name }) => name),
  );
  const after = await listUnits();
  return wanted.filter(({ name }) => after.get(name)?.active !== "active");
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
  for (const path of gone) removeTree(path);
  await refreshUnits(gone, await listUnits());
  for (const { kind, name } of strays) if (kind === "agent-directory") closeAgent(name, acls);
}

/** A drop-in folder that became empty goes too. */
function removeTree(path: string): void {
  fs.rmSync(path, { recursive: true, force: true });
  const folder = dirname(path);
  if (unitOfDropIn(path) !== null && fs.readdirSync(folder).length === 0) fs.rmdirSync(folder);
}

/** The base directory is root's, so what lies in it by these names is the agent's own. */
function closeAgent(base: string, acls: AclLibrary): void {
  const flags = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;
  if (fs.existsSync(join(base, "inbox")))
    withDescriptor(join(base, "inbox"), flags, (fd) => {
      acls.set(procPath(fd), "access", fullAcl(0o700, []));
      acls.set(procPath(fd), "default", []);
    });
  fs.chmodSync(base, 0o700);
}

/** Which agent a path belongs to, as far as its name says. */
function agentOfPath(path: string): string | null {
  const match =
    /^\/srv\/con\/agents\/([^/]+)/.exec(path) ??
    /^\/var\/lib\/con\/compiled\/agents\/([^/]+?)(?:\.json)?(?:\/|$)/.exec(path) ??
    /\/con@([^/]+)\.[a-z]+\.d\//.exec(path) ??
    /^\/run\/con\/bell\/([^/]+)$/.exec(path);
  return match?.[1] ?? null;
}
