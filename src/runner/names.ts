/**
 * Who a uid is. Agents come from the compiled configuration, everybody else from /etc/passwd, which
 * is read only when such a uid turns up.
 */
import { type Disk, errnoOf } from "../system/disk.ts";
import { readFile } from "../system/durable.ts";
import type { Sender } from "../task/task.ts";

/** A function that names uids; it reads the user database once. */
export function createNames(
  disk: Disk,
  agents: readonly { readonly name: string; readonly uid: number }[],
  passwd = "/etc/passwd",
): (uid: number) => Sender {
  const byUid = uniqueUids(agents);
  let users: ReadonlyMap<number, string> | null = null;
  return (uid) => {
    if (uid === 0) return { uid, name: "root", agent: null };
    const agent = byUid.get(uid) ?? null;
    if (agent !== null) return { uid, name: agent, agent };
    users ??= readUsers(disk, passwd);
    return { uid, name: users.get(uid) ?? `uid-${uid}`, agent: null };
  };
}

/** A uid that several agents share, as in `con dev`, says nothing about who it was. */
function uniqueUids(
  agents: readonly { readonly name: string; readonly uid: number }[],
): ReadonlyMap<number, string> {
  const uids = agents.map(({ uid }) => uid);
  const own = agents.filter(({ uid }) => uids.indexOf(uid) === uids.lastIndexOf(uid));
  return new Map(own.map(({ uid, name }) => [uid, name]));
}

/** passwd(5): `name:password:uid:…`. A machine without the file has no names. */
function readUsers(disk: Disk, path: string): ReadonlyMap<number, string> {
  const users = new Map<number, string>();
  for (const line of readPasswd(disk, path).split("\n")) {
    const [name, , uid] = line.split(":");
    if (name === undefined || uid === undefined || !/^\d+$/.test(uid)) continue;
    if (!users.has(Number(uid))) users.set(Number(uid), name);
  }
  return users;
}

function readPasswd(disk: Disk, path: string): string {
  try {
    return Buffer.from(readFile(disk, path, 16 << 20) ?? []).toString("utf8");
  } catch (error) {
    // A sandbox may hide it; names are for people only, decisions use the uid.
    if (["EACCES", "EPERM", "ELOOP"].includes(errnoOf(error) ?? "")) return "";
    throw error;
  }
}
