/** User and group names and numbers that con owns on a machine. Constants and pure look-ups. */

/** Uids of agents; never reused, so that a file left behind never changes hands. */
export const agentUids = { first: 20_000, last: 59_999 } as const;

/**
 * Fixed, because ACLs on the data volume hold numbers, and the container's /etc/group is made anew.
 * sysusers picks another number where one is taken; bootstrap then uses that.
 */
export const serviceGroups = { agents: 19_990, trusted: 19_991, "con-gateway": 19_992 } as const;

export type ServiceGroup = keyof typeof serviceGroups;

export const gatewayUser = "con-gateway";
/** Runs the shell parts of contracts; owns nothing and is in no group. */
export const checkUser = { name: "con-check", id: 19_993 } as const;
export const userOf = (agent: string): string => `a-${agent}`;

/** What the machine's user database says now. */
export interface People {
  /** User name → uid and primary gid. */
  readonly users: ReadonlyMap<string, { readonly uid: number; readonly gid: number }>;
  readonly groups: ReadonlyMap<
    string,
    { readonly gid: number; readonly members: readonly string[] }
  >;
}

/** passwd(5) and group(5) text → People. Lines that are no records (comments, NIS) are skipped. */
export function parsePeople(passwd: string, group: string): People {
  const users = new Map<string, { uid: number; gid: number }>();
  for (const [name, , uid, gid] of records(passwd))
    if (name && isId(uid) && isId(gid)) users.set(name, { uid: Number(uid), gid: Number(gid) });
  const groups = new Map<string, { gid: number; members: string[] }>();
  for (const [name, , gid, members = ""] of records(group))
    if (name && isId(gid))
      groups.set(name, { gid: Number(gid), members: members.split(",").filter(Boolean) });
  return { users, groups };
}

const records = (text: string): string[][] => text.split("\n").map((line) => line.split(":"));
const isId = (text: string | undefined): boolean => text !== undefined && /^\d+$/.test(text);

/** Everybody whose tasks are verified: members of `trusted`, named there or by primary group. */
export function trustedUids(people: People): number[] {
  const group = people.groups.get("trusted");
  if (group === undefined) return [];
  const uids = [...people.users].flatMap(([name, { uid, gid }]) =>
    group.members.includes(name) || gid === group.gid ? [uid] : [],
  );
  return [...new Set(uids)].sort((a, b) => a - b);
}
