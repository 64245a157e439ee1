/** User and group names and numbers that con owns on a machine. Constants and pure look-ups. */

/** Uids of agents with a manifest; never reused, so that a file left behind never changes hands. */
export const agentUids = { first: 20_000, last: 59_999 } as const;

/**
 * Uids of temporary agents. They go round, and each is free again only when nothing of the one before is left.
 * Whoever has one of them counts as an agent, whether or not anybody knows which. So they lie where useradd(8)
 * never looks for a number (login.defs(5): up to 60000), and where systemd gives none (UIDS-GIDS: unused).
 */
export const childUids = { first: 60_600, last: 61_099 } as const;

const within = (uid: number, range: { readonly first: number; readonly last: number }): boolean =>
  Number.isInteger(uid) && uid >= range.first && uid <= range.last;

export const isChildUid = (uid: number): boolean => within(uid, childUids);
/** People may have numbers of this range too; see the registry. */
export const inAgentRange = (uid: number): boolean => within(uid, agentUids) || isChildUid(uid);

/**
 * Fixed, because ACLs on the data volume hold numbers, and the container's /etc/group is made anew.
 * sysusers picks another number where one is taken; bootstrap then uses that.
 */
export const serviceGroups = { agents: 19_990, trusted: 19_991, "con-gateway": 19_992 } as const;

export type ServiceGroup = keyof typeof serviceGroups;

export const gatewayUser = "con-gateway";
/** Runs the shell parts of contracts; owns nothing and is in no group. */
export const checkUser = { name: "con-check", id: 19_993 } as const;
/** Fetches pages for agents; the packet rules know it by this number. */
export const browserUser = { name: "con-browser", id: 19_994 } as const;
/** Fetches packages for forged tools; the same. */
export const layerUser = { name: "con-layer", id: 19_995 } as const;
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

/** Without temporary agents. */
export function lastingPeople({ users, groups }: People): People {
  const lasting = [...users].filter(([, { uid }]) => !isChildUid(uid));
  const gone = new Set([...users.keys()].filter((name) => !lasting.some(([one]) => one === name)));
  const open = [...groups].filter(([, { gid }]) => !isChildUid(gid));
  const without = open.map(([name, { gid, members }]) => {
    return [name, { gid, members: members.filter((member) => !gone.has(member)) }] as const;
  });
  return { users: new Map(lasting), groups: new Map(without) };
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
