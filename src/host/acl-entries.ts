/** POSIX access control lists as values (acl(5)). Pure; `acl.ts` reads and sets them. */

export type AclTag = "user-owner" | "user" | "group-owner" | "group" | "mask" | "other";

export interface AclEntry {
  readonly tag: AclTag;
  /** Uid or gid of a named entry, null for the others. */
  readonly id: number | null;
  /** Bits: 4 read, 2 write, 1 search or execute. */
  readonly perms: number;
}

export type Acl = readonly AclEntry[];

/** A grant to somebody who is neither owner nor owning group. */
export interface NamedEntry {
  readonly tag: "user" | "group";
  readonly id: number;
  readonly perms: number;
}

const order: readonly AclTag[] = ["user-owner", "user", "group-owner", "group", "mask", "other"];
const letters: Readonly<Record<AclTag, string>> = {
  "user-owner": "u",
  user: "u",
  "group-owner": "g",
  group: "g",
  mask: "m",
  other: "o",
};

/** The whole list for owner, group and other bits plus named entries; the mask hides nothing. */
export function fullAcl(mode: number, named: readonly NamedEntry[]): Acl {
  const group = (mode >> 3) & 7;
  const base: AclEntry[] = [
    { tag: "user-owner", id: null, perms: (mode >> 6) & 7 },
    { tag: "group-owner", id: null, perms: group },
    { tag: "other", id: null, perms: mode & 7 },
  ];
  if (named.length === 0) return sortAcl(base);
  const mask = named.reduce((all, { perms }) => all | perms, group);
  return sortAcl([...base, ...named, { tag: "mask", id: null, perms: mask }]);
}

export function sortAcl(acl: Acl): Acl {
  return [...acl].sort(
    (a, b) => order.indexOf(a.tag) - order.indexOf(b.tag) || (a.id ?? -1) - (b.id ?? -1),
  );
}

export const sameAcl = (a: Acl, b: Acl): boolean => formatAcl(a) === formatAcl(b);

/** Short text form with numeric ids, sorted: `u::rwx,u:20000:rwx,g::---,m::rwx,o::---`. */
export function formatAcl(acl: Acl): string {
  return sortAcl(acl)
    .map(({ tag, id, perms }) => `${letters[tag]}:${id ?? ""}:${formatPerms(perms)}`)
    .join(",");
}

const formatPerms = (perms: number): string =>
  `${perms & 4 ? "r" : "-"}${perms & 2 ? "w" : "-"}${perms & 1 ? "x" : "-"}`;

/** Reads long and short text forms with numeric ids; throws on anything else. */
export function parseAcl(text: string): Acl {
  const entries = text
    .split(/[\n,]/)
    .map((line) => line.replace(/#.*$/, "").trim())
    .filter((line) => line !== "");
  return sortAcl(entries.map(parseEntry));
}

function parseEntry(text: string): AclEntry {
  const match = /^(u|user|g|group|m|mask|o|other):(\d*):([r-][w-][x-])$/.exec(text);
  if (match === null) throw new SyntaxError(`not an ACL entry: ${JSON.stringify(text)}`);
  const [, kind = "", id = "", perms = ""] = match;
  const bits = [...perms].reduce((sum, letter) => sum * 2 + (letter === "-" ? 0 : 1), 0);
  return { tag: tagOf(kind.charAt(0), id !== ""), id: id === "" ? null : Number(id), perms: bits };
}

function tagOf(kind: string, isNamed: boolean): AclTag {
  if (kind === "u") return isNamed ? "user" : "user-owner";
  if (kind === "g") return isNamed ? "group" : "group-owner";
  return kind === "m" ? "mask" : "other";
}
