/**
 * Which uid belongs to which agent, for ever. Pure.
 *
 * Kept in /var/lib/con/uids.json on the data volume. A retired name keeps its entry; a name that
 * comes back gets its old uid, and with it its old files.
 */
import { ConError, exit } from "../system/errors.ts";
import { isObject } from "../system/json.ts";
import { agentUids, type People, userOf } from "./ids.ts";

export const registryPath = "/var/lib/con/uids.json";

export type Registry = Readonly<Record<string, number>>;

/** `null` is a machine that never had one. A damaged file is not guessed at: uids own data. */
export function parseRegistry(text: string | null): Registry {
  if (text === null) return {};
  const value = parseJson(text);
  const uids = isObject(value) && value["version"] === 1 ? value["uids"] : null;
  if (!isObject(uids) || !Object.values(uids).every(isAgentUid))
    throw damaged("it has odd content");
  return uids as Registry;
}

export function formatRegistry(registry: Registry): string {
  const sorted = Object.fromEntries(Object.entries(registry).sort(([, a], [, b]) => a - b));
  return `${JSON.stringify({ version: 1, uids: sorted }, null, 1)}\n`;
}

/** Adds uids for names without one; a user that exists already keeps its uid when it can. */
export function assignUids(registry: Registry, names: readonly string[], people: People): Registry {
  const result: Record<string, number> = { ...registry };
  const taken = new Set(Object.values(result));
  const foreign = new Set([...people.users.values()].map(({ uid }) => uid));
  const gids = new Set([...people.groups.values()].map(({ gid }) => gid));
  let next = Math.max(agentUids.first - 1, ...taken) + 1;
  for (const name of names) {
    if (Object.hasOwn(result, name)) continue;
    const existing = people.users.get(userOf(name))?.uid;
    const adopt = existing !== undefined && isAgentUid(existing) && !taken.has(existing);
    while (!adopt && (taken.has(next) || foreign.has(next) || gids.has(next))) next++;
    const uid = adopt ? existing : next;
    if (!isAgentUid(uid)) throw exhausted();
    result[name] = uid;
    taken.add(uid);
  }
  return result;
}

const isAgentUid = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= agentUids.first && Number(value) <= agentUids.last;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw damaged(error.message);
  }
}

function damaged(why: string): ConError {
  const remedy = "restore it from a backup: it says which uid owns which agent's data";
  return new ConError(exit.configuration, registryPath, why, remedy);
}

function exhausted(): ConError {
  const why = `all uids from ${agentUids.first} to ${agentUids.last} were given away`;
  return new ConError(
    exit.cannotCreate,
    registryPath,
    why,
    "remove retired names whose data is gone",
  );
}
