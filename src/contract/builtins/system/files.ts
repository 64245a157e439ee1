/** `path_mode`, `acl`, `file_hash`: who may do what with a path, and whether a file is the one it was. */
import { createHash } from "node:crypto";
import fs, { constants } from "node:fs";
import { openAcl } from "../../../host/acl.ts";
import { type Acl, parseAcl } from "../../../host/acl-entries.ts";
import { O_PATH, procPath, withDescriptor } from "../../../host/walk.ts";
import type { BuiltinCheck, Verdict } from "../../types.ts";
import { judge, listIn, type Trouble, textIn, unable } from "../con/verdicts.ts";
import { look } from "../generic/look.ts";
import { idOf, type Names, nameOf } from "./people.ts";

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, "0");

export const pathMode =
  (read: () => Names): BuiltinCheck =>
  async (args) => {
    const path = textIn(args, "path");
    const found = look(path, (_at, stat) => stat);
    if (found.kind === "refused") return unable(found.why);
    if (found.kind === "missing") return gone(path);
    const { mode, uid, gid } = found.value;
    const names = read();
    const seen = {
      mode: octal(mode),
      owner: nameOf(names.users, uid),
      group: nameOf(names.groups, gid),
    };
    const verbs = { mode: "chmod", owner: "chown", group: "chgrp" } as const;
    const troubles = (["mode", "owner", "group"] as const).flatMap((what): Trouble[] => {
      const value = args[what];
      if (value === undefined) return [];
      const wanted = what === "mode" ? textIn(args, what).padStart(4, "0") : textIn(args, what);
      const ids = { mode: seen.mode, owner: String(uid), group: String(gid) };
      if (wanted === seen[what] || wanted === ids[what]) return [];
      const said = `${what} of ${path} is ${seen[what]}, wanted ${wanted}`;
      return [{ found: said, key: said, remedy: `${verbs[what]} ${wanted} ${path}` }];
    });
    return judge(troubles, `${path} is ${seen.mode} ${seen.owner}:${seen.group}`);
  };

const gone = (path: string): Verdict =>
  judge([{ found: `${path} does not exist`, key: `${path} missing` }], "");

const flags = O_PATH | constants.O_NOFOLLOW;

/** `has`: entries that give exactly this. `lacks`: entries that must not be there, whatever they give. */
export const acl =
  (read: () => Names): BuiltinCheck =>
  async (args) => {
    const path = textIn(args, "path");
    const has = args["has"] === undefined ? [] : listIn(args, "has");
    const lacks = args["lacks"] === undefined ? [] : listIn(args, "lacks");
    const library = openAcl();
    const found = look(path, (at, stat) =>
      withDescriptor(at, flags, (fd) => ({
        access: library.get(procPath(fd), "access"),
        default: stat.isDirectory() ? library.get(procPath(fd), "default") : [],
      })),
    );
    if (found.kind === "refused") return unable(found.why);
    if (found.kind === "missing") return gone(path);
    const names = read();
    const troubles = [
      ...has.filter((text) => !holds(found.value, names, text)).map((text) => lacking(path, text)),
      ...lacks.filter((text) => holds(found.value, names, text)).map((text) => extra(path, text)),
    ];
    return judge(troubles, `${path} has the entries that are wanted`);
  };

function lacking(path: string, text: string): Trouble {
  const found = `${path} has no entry ${text}`;
  return { found, key: found, remedy: `con reapply directories, or setfacl -m ${text} ${path}` };
}

function extra(path: string, text: string): Trouble {
  const found = `${path} has an entry ${text}, which it must not`;
  const name = text.replace(/:[r-][w-][x-]$/, "");
  return { found, key: found, remedy: `con reapply directories, or setfacl -x ${name} ${path}` };
}

/** `[default:]TAG:NAME[:rwx]`; without permissions, any. A user that does not exist has no entry. */
function holds(lists: { access: Acl; default: Acl }, names: Names, text: string): boolean {
  const inherited = text.startsWith("default:");
  const [tag = "", name = "", perms] = text.replace(/^default:/, "").split(":");
  const id = name === "" ? "" : idOf(tag === "group" ? names.groups : names.users, name);
  if (id === null) return false;
  const [wanted] = parseAcl(`${tag}:${id}:${perms ?? "---"}`);
  return (inherited ? lists.default : lists.access).some(
    (entry) =>
      entry.tag === wanted?.tag &&
      entry.id === wanted.id &&
      (perms === undefined || entry.perms === wanted.perms),
  );
}

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const maxHashBytes = 64 << 20;

export const fileHash: BuiltinCheck = async (args) => {
  const path = textIn(args, "path");
  const wanted = textIn(args, "sha256");
  const found = look(path, (at, stat) =>
    stat.isFile() ? withDescriptor(at, readFlags, hashOf) : null,
  );
  if (found.kind === "refused") return unable(found.why);
  if (found.kind === "missing") return gone(path);
  if (found.value === null) return unable(`${path} is no regular file, or longer than 64 MiB`);
  const said = `${path} has SHA-256 ${found.value.slice(0, 12)}…, wanted ${wanted.slice(0, 12)}…`;
  const key = `${path} has another content`;
  return judge(found.value === wanted ? [] : [{ found: said, key }], `${path} is as wanted`);
};

/** Null for what is too long, and for what is no regular file any more. */
function hashOf(fd: number): string | null {
  const stat = fs.fstatSync(fd);
  if (!stat.isFile() || stat.size > maxHashBytes) return null;
  const hash = createHash("sha256");
  const part = Buffer.alloc(1 << 16);
  let total = 0;
  for (;;) {
    const count = fs.readSync(fd, part, 0, part.length, null);
    if (count === 0) return hash.digest("hex");
    total += count;
    if (total > maxHashBytes) return null;
    hash.update(part.subarray(0, count));
  }
}
