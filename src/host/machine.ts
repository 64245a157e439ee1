/** Gathers what only the machine can say into a `World`. Reads; changes nothing. */
import { lookup } from "node:dns/promises";
import fs from "node:fs";
import { join } from "node:path";
import { readAgent, readSystem } from "../config/compiled.ts";
import { registryTargets } from "../config/forge.ts";
import { parseNetworkTarget } from "../config/grammar.ts";
import type { Agent, Config } from "../config/types.ts";
import { engineTargets, webOf } from "../config/web.ts";
import { errnoOf, namesIn } from "../system/disk.ts";
import { ConError } from "../system/errors.ts";
import * as paths from "./paths.ts";
import { parseRegistry, type Registry, registryPath } from "./registry.ts";
import { rulesTrouble } from "./rules.ts";
import type { Deployed, Network } from "./world.ts";

export function readIfThere(path: string): string | null {
  try {
    return fs.readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return null;
    throw error;
  }
}

export const readRegistry = (): Registry => parseRegistry(readIfThere(registryPath));

/** Agents whose manifest is refused now and that were deployed by an earlier run. */
export function readDeployed(excluded: readonly string[]): Deployed[] {
  const system = excluded.length === 0 ? null : orNull(readSystem);
  return excluded.flatMap((name) => {
    const entry = system?.agents.find((one) => one.name === name);
    const runtime = entry === undefined ? null : orNull(() => readAgent(name));
    return entry === undefined || runtime === null ? [] : [{ entry, runtime }];
  });
}

/** A compiled file that is missing or of another version: as if it had never been deployed. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConError)) throw error;
    return null;
  }
}

export function inotifyLimit(): number {
  return Number(readIfThere("/proc/sys/fs/inotify/max_user_instances") ?? "128");
}

/** What other programs of this user need: PID 1 itself, udev, other containers. */
const reservedInstances = 28;

/**
 * Who is woken by a bell: those that an earlier run of this boot found beyond the limit, and all that
 * stand behind the number of path units which the limit lets hope for. The front desk comes first.
 */
export function bellsAtStart(config: Config, limit: number): Set<string> {
  const earlier = parseWake(readIfThere(paths.wakeFile), limit);
  const { frontDesk } = config.system;
  const names = config.agents.map(({ name }) => name);
  const ordered = [frontDesk, ...names.filter((name) => name !== frontDesk)];
  // The front desk watches two directories.
  const beyond = ordered.slice(Math.max(1, limit - reservedInstances - 1));
  return new Set([...beyond, ...earlier.filter((name) => names.includes(name))]);
}

function parseWake(text: string | null, limit: number): string[] {
  if (text === null) return [];
  const value = JSON.parse(text) as { inotifyLimit?: unknown; bells?: unknown };
  // With another limit it is tried again.
  return value.inotifyLimit === limit && Array.isArray(value.bells) ? value.bells.map(String) : [];
}

export function credentialNames(): Set<string> {
  const names = namesIn(paths.credentials);
  return new Set(names.filter((name) => name.endsWith(".cred")).map((name) => name.slice(0, -5)));
}

/** One that was removed, or is no directory any more, is not made again. */
export const grantsStillThere = (directories: readonly string[]): Set<string> =>
  new Set(
    directories.filter(
      (path) => fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
    ),
  );

/** Agents that have a directory which others may still enter, configured or not. */
export function openAgentDirectories(): string[] {
  const base = join(paths.root, "agents");
  return namesIn(base).filter((name) => {
    const stat = fs.lstatSync(join(base, name), { throwIfNoEntry: false });
    return stat?.isDirectory() === true && (stat.mode & 0o077) !== 0;
  });
}

/** Long enough for a resolver that is slow, short enough for a boot. */
const resolveTimeoutMs = 5_000;

export async function readNetwork(config: Config, allowHost: boolean): Promise<Network> {
  const why = await rulesTrouble(allowHost);
  if (why !== null) return { usable: false, why };
  // Of roles too: a temporary agent must not wait for a resolver.
  const hosts = hostsOf([...config.agents, ...Object.values(config.roles)]);
  const found = await resolveAll([...new Set([...hosts, ...webHosts(config)])]);
  const resolvers = (readIfThere("/etc/resolv.conf") ?? "")
    .split("\n")
    .flatMap((line) => /^nameserver\s+([0-9a-fA-F.:]+)\s*$/.exec(line)?.[1] ?? []);
  return { usable: true, addresses: found, resolvers };
}

/** The host names that network grants speak of. */
export function hostsOf(holders: readonly { readonly can: Agent["can"] }[]): string[] {
  const targets = holders.flatMap(({ can }) => can.network.map(parseNetworkTarget));
  return [...new Set(targets.flatMap((target) => (target?.kind === "host" ? target.host : [])))];
}

/** Those that the browser, or the installer of packages, may reach although they are private. */
function webHosts(config: Config): string[] {
  const web = webOf(config);
  const named = registryTargets(config.forge ?? { registries: {} });
  const targets = [...web.allow, ...engineTargets(web), ...named].map(parseNetworkTarget);
  return targets.flatMap((target) => (target?.kind === "host" ? target.host : []));
}

export const resolveAll = async (
  hosts: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> =>
  new Map(await Promise.all(hosts.map(async (host) => [host, await resolve(host)] as const)));

async function resolve(host: string): Promise<string[]> {
  const never = new Promise<[]>((done) => setTimeout(done, resolveTimeoutMs, []).unref());
  try {
    const found = await Promise.race([lookup(host, { all: true }), never]);
    return [...new Set(found.map(({ address }) => address))].sort();
  } catch (error) {
    // No such name, no resolver, no answer: nothing is opened, and the plan reports it.
    if (errnoOf(error) === null) throw error;
    return [];
  }
}
