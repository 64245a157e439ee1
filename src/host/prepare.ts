/**
 * From the files in /etc/con to a `World`: what can be planned, what is left out, and why.
 *
 * Acts on one thing only, and not with --dry-run: users and their uids are made here, because
 * everything else needs the numbers that the machine really gave them.
 */
import fs from "node:fs";
import { basename, dirname } from "node:path";
import { readHolds } from "../config/holds.ts";
import { loadConfigFiles } from "../config/load.ts";
import { parseConfig } from "../config/parse.ts";
import type { Config, Problem, SourceFile } from "../config/types.ts";
import { isDiskTrouble, nodeDisk } from "../system/disk.ts";
import { replaceDurably } from "../system/durable.ts";
import { ConError, exit } from "../system/errors.ts";
import type { Accepted } from "./accepted.ts";
import type { AclLibrary } from "./acl.ts";
import { applyPeople, type Failure } from "./apply.ts";
import { assembleAll } from "./assembled.ts";
import { readSpawns } from "./children/read.ts";
import { worldOf } from "./children/world.ts";
import { layChildren } from "./children.ts";
import { readCommissions, withChildren } from "./commissions.ts";
import { gatherContracts } from "./contracts.ts";
import { type Change, diffPeople } from "./diff.ts";
import { grantedDirectories } from "./expiry.ts";
import type { PersonFact } from "./facts.ts";
import { readGpu } from "./gpu.ts";
import { gatewayUser, lastingPeople, type People, serviceGroups, userOf } from "./ids.ts";
import * as machine from "./machine.ts";
import { observePeople } from "./observe.ts";
import * as paths from "./paths.ts";
import { planPeople } from "./plan/people.ts";
import { assignUids, formatRegistry, registryPath } from "./registry.ts";
import { libraryOf, shippedSkills } from "./skills.ts";
import { snapshotIfAny } from "./snapshot.ts";
import { refusedCalendars } from "./systemd.ts";
import { readTree } from "./tree.ts";
import type { Finding, World } from "./world.ts";

export interface Options {
  readonly dryRun: boolean;
  /** Also takes away what belongs to agents without a manifest: of all, of none, or of these. */
  readonly prune: boolean | readonly string[];
  /** Packet rules also outside a container. */
  readonly allowHost: boolean;
}

/** What one run has done so far. */
export interface Session {
  readonly options: Options;
  readonly acls: AclLibrary;
  readonly changes: Change[];
  readonly failures: Failure[];
}

/** Parses, and lets systemd itself judge the calendar expressions. */
export async function readConfig(): Promise<{ config: Config | null; problems: Problem[] }> {
  const files = loadConfigFiles(paths.configuration);
  const { config, problems } = parseConfig(files);
  if (config === null) return { config, problems: [...problems] };
  const expressions = config.agents.flatMap(({ schedule }) => schedule?.at ?? []);
  const refused = await refusedCalendars(expressions);
  const bad = config.agents.filter(({ schedule }) => schedule !== null && refused.has(schedule.at));
  const named = new Set(bad.map(({ name }) => name));
  return {
    config: {
      ...config,
      agents: config.agents.filter(({ name }) => !named.has(name)),
      excluded: [...config.excluded, ...named].sort(),
    },
    problems: [...problems, ...bad.map(({ name }) => calendarProblem(name, files.agents))],
  };
}

function calendarProblem(agent: string, files: readonly SourceFile[]): Problem {
  const file = `${paths.configuration}/agents.d/${agent}.yaml`;
  const lines = files.find(({ path }) => path === file)?.text.split("\n") ?? [];
  const line = lines.findIndex((text) => text.startsWith("schedule:")) + 1;
  return {
    file,
    line: Math.max(line, 1),
    column: 1,
    key: "schedule",
    why: "systemd does not understand the expression",
    remedy: "try it with: systemd-analyze calendar EXPRESSION; see systemd.time(7)",
    agent,
  };
}

export interface Prepared {
  readonly world: World;
  /** What `world` is made of beside the records of temporary agents. */
  readonly accepted: Accepted;
  /** Temporary agents that are recorded and have no place in the plan. */
  readonly orphans: ReadonlySet<string>;
  readonly people: readonly PersonFact[];
  readonly findings: readonly Finding[];
}

/** Users first: everything else needs the numbers that the machine really gave them. */
export async function prepare(
  session: Session,
  configured: Config,
  problems: Problem[],
): Promise<Prepared> {
  const { options } = session;
  let config = withChildren(configured, readCommissions());
  const registry = machine.readRegistry();
  const earlier = config.excluded.filter((name) => Object.hasOwn(registry, name));
  const names = [...config.agents.map(({ name }) => name), ...earlier].sort();
  const assigned = assignUids(registry, names, observePeople());
  if (!options.dryRun) saveRegistry(assigned);
  const now = Date.now();
  const { spawns, findings: damaged } = readSpawns();
  const { uids } = layChildren(config, { spawns, registry: assigned, now });
  const all = [...names, ...Object.keys(uids).sort()];
  const wanted = planPeople(all, { ...assigned, ...uids }, config.system);
  const people = await makePeople(session, wanted);
  const wrong = new Map(diffPeople(wanted, people).wrong.map(({ fact, why }) => [fact.name, why]));
  config = withoutWrongUsers(config, wrong, problems);
  const without = new Set(Object.keys(uids).filter((name) => wrong.has(userOf(name))));
  const { tree, findings, refused } = readTree(paths.configuration);
  const contracts = gatherContracts();
  const limit = machine.inotifyLimit();
  const { tree: shipped } = readTree(dirname(shippedSkills), [basename(shippedSkills)]);
  const library = libraryOf({ tree, refused, shipped });
  const assembled = assembleAll(config, library, { tree, directory: paths.configuration });
  problems.push(...assembled.problems);
  const laidConfig = layChildren(config, { spawns, registry: assigned, now, without }).config;
  const accepted: Accepted = {
    version: 1,
    world: {
      config,
      deployed: machine.readDeployed(config.excluded),
      registry: assigned,
      gids: gidsOf(people),
      gatewayUid: people.users.get(gatewayUser)?.uid ?? serviceGroups[gatewayUser],
      people: lastingPeople(people),
      assembled: assembled.agents,
      bells: machine.bellsAtStart(config, limit),
      inotifyLimit: limit,
      credentials: machine.credentialNames(),
      network: await machine.readNetwork(laidConfig, options.allowHost),
      gpu: readGpu(),
      contracts: contracts.files,
    },
    roles: assembled.roles,
  };
  const formerGrants = machine.grantsStillThere(grantedDirectories(snapshotIfAny()?.facts ?? []));
  const moment = { spawns, without, now, formerGrants, holds: readHolds(), people };
  const { world, laid } = worldOf(accepted, moment);
  return {
    world,
    accepted,
    orphans: laid.orphans,
    people: wanted,
    findings: [
      ...findings,
      ...assembled.findings,
      ...contracts.findings,
      ...damaged,
      ...laid.findings,
    ],
  };
}

function saveRegistry(registry: Readonly<Record<string, number>>): void {
  const text = formatRegistry(registry);
  if (machine.readIfThere(registryPath) === text) return;
  try {
    fs.mkdirSync(paths.library, { recursive: true, mode: 0o755 });
    replaceDurably(nodeDisk, registryPath, Buffer.from(text), 0o644);
  } catch (error) {
    if (!isDiskTrouble(error)) throw error;
    const why = (error as Error).message;
    const remedy = "free space or mount it writable, then run con bootstrap again";
    throw new ConError(exit.tryLater, registryPath, why, remedy, { cause: error });
  }
}

async function makePeople(session: Session, wanted: readonly PersonFact[]): Promise<People> {
  const before = observePeople();
  const { missing } = diffPeople(wanted, before);
  session.changes.push(...missing);
  if (session.options.dryRun) return before;
  session.failures.push(...(await applyPeople(wanted, missing)));
  return missing.length === 0 ? before : observePeople();
}

/** A user of ours with a foreign uid: its files would belong to somebody else. */
function withoutWrongUsers(
  config: Config,
  wrong: ReadonlyMap<string, string>,
  problems: Problem[],
): Config {
  const out = config.agents.filter(({ name }) => wrong.has(userOf(name))).map(({ name }) => name);
  for (const agent of out)
    problems.push({
      file: "/etc/passwd",
      line: 1,
      column: 1,
      key: userOf(agent),
      why: wrong.get(userOf(agent)) ?? "",
      remedy: `remove that user (userdel ${userOf(agent)}), then run con bootstrap`,
      agent,
    });
  if (out.length === 0) return config;
  const agents = config.agents.filter(({ name }) => !out.includes(name));
  return { ...config, agents, excluded: [...config.excluded, ...out].sort() };
}

function gidsOf(people: People): World["gids"] {
  const gid = (name: keyof typeof serviceGroups) =>
    people.groups.get(name)?.gid ?? serviceGroups[name];
  return { agents: gid("agents"), trusted: gid("trusted"), "con-gateway": gid("con-gateway") };
}
