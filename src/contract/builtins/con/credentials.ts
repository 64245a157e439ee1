/**
 * `credential_readable_by {name?, users}`: the files with provider keys are root's alone, whatever their
 * encryption; nobody named in an access list but `users`; no directory above them is anybody else's to
 * write. Looks at owners, modes and lists, and opens none of them.
 */
import fs, { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type AclLibrary, openAcl } from "../../../host/acl.ts";
import { parsePeople } from "../../../host/ids.ts";
import { O_PATH, procPath, withDescriptor, withWalk } from "../../../host/walk.ts";
import { errnoOf } from "../../../system/disk.ts";
import type { BuiltinCheck } from "../../types.ts";
import { lookInto } from "./look.ts";
import type { Places } from "./places.ts";
import { inCommand, judge, listIn, named, pass, type Trouble, textIn, unable } from "./verdicts.ts";

const mostFiles = 1_000;

export const credentialReadableBy =
  ({ credentials, sysroot }: Places): BuiltinCheck =>
  async (args) => {
    const wanted = args["name"] === undefined ? null : `${textIn(args, "name")}.cred`;
    const allowed = uidsOf(sysroot, listIn(args, "users"));
    const listed = lookInto(credentials, (look) => look.entries(mostFiles));
    if (listed.kind === "odd") return unable(`${credentials} ${listed.why}`);
    const names = listed.kind === "seen" ? listed.value.list.map(({ text }) => text) : [];
    if (wanted !== null && !names.includes(wanted)) {
      const name = basename(wanted, ".cred");
      const found = `credential ${named(name)} is missing`;
      return judge([{ found, key: `missing:${name}`, remedy: `con credential set ${name}` }], "");
    }
    if (listed.kind === "missing") return pass("no credential is stored");
    const acls = openAcl();
    const files = wanted === null ? names : [wanted];
    const troubles = [
      ...parents(credentials, sysroot),
      ...files.flatMap((name) => fileTrouble(join(credentials, name), allowed, acls)),
    ];
    return judge(troubles, `${files.length} credentials, each root's alone`);
  };

function uidsOf(sysroot: string, users: readonly string[]): ReadonlySet<number> {
  const text = fs.readFileSync(join(sysroot, "/etc/passwd"), "utf8");
  const people = parsePeople(text, "").users;
  return new Set(users.flatMap((name) => people.get(name)?.uid ?? []));
}

function fileTrouble(path: string, allowed: ReadonlySet<number>, acls: AclLibrary): Trouble[] {
  const file = inCommand(path, "FILE");
  const wrong = (what: string): Trouble => ({
    found: `${named(path)} ${what}`,
    key: `credential:${named(basename(path))}`,
    remedy: `setfacl -b ${file}; chown root:root ${file}; chmod 600 ${file}`,
  });
  try {
    return withWalk("refuse", ({ entry }) =>
      withDescriptor(entry(path), O_PATH | constants.O_NOFOLLOW, (fd) => {
        const stat = fs.fstatSync(fd);
        if (!stat.isFile()) return [wrong("is no regular file")];
        const acl = acls.get(procPath(fd), "access");
        const others = acl.filter(
          ({ tag, id, perms }) =>
            perms !== 0 &&
            (tag === "group" ||
              tag === "group-owner" ||
              tag === "other" ||
              (tag === "user" && !allowed.has(id ?? -1))),
        );
        return [
          ...(stat.uid === 0 && stat.gid === 0 ? [] : [wrong("does not belong to root:root")]),
          ...(stat.nlink === 1 ? [] : [wrong("has another name elsewhere")]),
          ...(others.length === 0 ? [] : [wrong("is open to others than root")]),
          ...((stat.mode & 0o7100) === 0 ? [] : [wrong("has more bits than 0600")]),
        ];
      }),
    );
  } catch (error) {
    const code = errnoOf(error);
    if (code === null) throw error;
    return code === "ENOENT" ? [] : [wrong(`cannot be looked at (${code})`)];
  }
}

/** Whoever may write a directory on the way may put another one in its place. */
function parents(path: string, sysroot: string): Trouble[] {
  const all: string[] = [];
  for (let at = path; at !== dirname(at) && at !== sysroot; at = dirname(at)) all.push(at);
  return all.flatMap((at) => {
    const stat = fs.lstatSync(at, { throwIfNoEntry: false });
    if (stat === undefined || (stat.uid === 0 && (stat.mode & 0o022) === 0)) return [];
    const found = `${at} can be written by others than root`;
    return [{ found, key: `parent:${at}`, remedy: `chown root ${at}; chmod go-w ${at}` }];
  });
}
