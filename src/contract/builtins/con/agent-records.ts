/**
 * Who is an agent on this machine: whoever has a number that was ever given to one (uids.json) or one of those
 * that are for temporary ones, or is in group agents. People may have numbers of the same range, and names that begin with `a-`.
 */
import { join } from "node:path";
import { inAgentRange, isChildUid, parsePeople } from "../../../host/ids.ts";
import { readIfThere } from "../../../host/machine.ts";
import { parseRegistry, type Registry, registryPath } from "../../../host/registry.ts";
import { ConError } from "../../../system/errors.ts";
import type { Places } from "./places.ts";
import type { Trouble } from "./verdicts.ts";

export interface AgentRecord {
  readonly user: string;
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

export interface AgentRecords {
  readonly agents: readonly AgentRecord[];
  /** Uids of agents that ever were; their users need not exist any more. */
  readonly uids: ReadonlySet<number>;
  readonly troubles: readonly Trouble[];
}

export function agentRecords({ sysroot }: Pick<Places, "sysroot">): AgentRecords {
  const etc = (name: string): string => readIfThere(join(sysroot, "/etc", name)) ?? "";
  const { registry, troubles } = registryOf(join(sysroot, registryPath));
  const { users, groups } = parsePeople(etc("passwd"), etc("group"));
  const group = groups.get("agents");
  const uids = new Set(Object.values(registry ?? {}));
  const members = new Set(group?.members ?? []);
  for (const [user, { uid, gid }] of users)
    if (
      members.has(user) ||
      gid === group?.gid ||
      isChildUid(uid) ||
      (registry === null && inAgentRange(uid))
    )
      uids.add(uid);
  const agents = etc("passwd")
    .split("\n")
    .flatMap((line) => {
      const [user = "", , uid = "", gid = "", , home = "", shell = ""] = line.split(":");
      // Another user with an agent's number is that agent; so is one of its name with another number.
      const named = user.startsWith("a-") && Object.hasOwn(registry ?? {}, user.slice(2));
      if (!/^\d+$/.test(uid) || !(uids.has(Number(uid)) || members.has(user) || named)) return [];
      const name = user.replace(/^a-/, "");
      return [{ user, name, uid: Number(uid), gid: Number(gid), home, shell }];
    });
  return { agents, uids, troubles };
}

/** Null where it cannot be used: then every number of the range counts. */
function registryOf(path: string): { registry: Registry | null; troubles: Trouble[] } {
  const text = readIfThere(path);
  try {
    if (text !== null) return { registry: parseRegistry(text), troubles: [] };
  } catch (error) {
    if (!(error instanceof ConError)) throw error;
  }
  const what = text === null ? "missing" : "damaged";
  const found = `the list of agents' numbers is ${what}: whoever has one of the range counts as an agent`;
  const remedy = `restore ${registryPath} from a backup`;
  return { registry: null, troubles: [{ found, key: `privilege:registry:${what}`, remedy }] };
}
