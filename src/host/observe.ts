/** Looks at what the facts speak of. Reads only, follows no symbolic link, decides nothing. */
import fs, { constants } from "node:fs";
import { join } from "node:path";
import { compiledPaths } from "../config/compiled.ts";
import { errnoOf, namesIn } from "../system/disk.ts";
import type { AclLibrary } from "./acl.ts";
import { type Acl, fullAcl } from "./acl-entries.ts";
import type { Fact, PathFact } from "./facts.ts";
import { type People, parsePeople } from "./ids.ts";
import * as paths from "./paths.ts";
import { type SeenRules, seenRules } from "./rules.ts";
import { listUnits, type Units } from "./systemd.ts";
import { O_PATH, procPath, type Walk, withDescriptor, withWalk } from "./walk.ts";

export interface SeenPath {
  /** The last one: a directory on the way to it is a link, so what lies there was not looked at. */
  readonly type: "directory" | "file" | "link" | "fifo" | "other" | "path behind a link";
  readonly uid: number;
  readonly gid: number;
  /** Special and permission bits. */
  readonly mode: number;
  readonly access: Acl;
  readonly inherit: Acl;
  /** Of a file whose size fits what is wanted; null otherwise. */
  readonly content: Buffer | null;
  readonly target: string | null;
  /** A link to nothing: systemd passes over such a drop-in without a word. */
  readonly dangling: boolean;
}

export interface Seen {
  /** Absent = not there. */
  readonly paths: ReadonlyMap<string, SeenPath>;
  readonly units: Units;
  readonly rules: SeenRules;
  /** `con@NAME.TYPE.d` and the like → names inside. */
  readonly dropIns: ReadonlyMap<string, readonly string[]>;
  /** Paths below compiled/agents, files and folders. */
  readonly compiled: readonly string[];
}

export async function observe(facts: readonly Fact[], acls: AclLibrary): Promise<Seen> {
  const units = listUnits();
  const rules = facts.find((fact) => fact.kind === "rules");
  const seenTable = rules === undefined ? Promise.resolve("none" as const) : seenRules(rules.text);
  return {
    paths: observePaths(facts, acls),
    units: await units,
    rules: await seenTable,
    dropIns: dropInsNow(),
    compiled: compiledNow(),
  };
}

/** Absent = not there. */
export function observePaths(facts: readonly Fact[], acls: AclLibrary): Map<string, SeenPath> {
  const seen = new Map<string, SeenPath>();
  withWalk("refuse", (walk) => {
    for (const fact of facts) {
      if (!("path" in fact)) continue;
      const found = look(fact, walk, acls);
      if (found !== null) seen.set(fact.path, found);
    }
  });
  return seen;
}

function look(fact: PathFact, walk: Walk, acls: AclLibrary): SeenPath | null {
  try {
    const path = walk.entry(fact.path);
    return withDescriptor(path, O_PATH | constants.O_NOFOLLOW, (fd) =>
      seenAt(fd, path, fact, acls),
    );
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ELOOP") return behindLink;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

const behindLink: SeenPath = {
  type: "path behind a link",
  uid: 0,
  gid: 0,
  mode: 0,
  access: [],
  inherit: [],
  content: null,
  target: null,
  dangling: false,
};

/** `path` is only for what a descriptor cannot tell: where a link points. */
function seenAt(fd: number, path: string, fact: PathFact, acls: AclLibrary): SeenPath {
  const stat = fs.fstatSync(fd);
  const type = typeOf(stat);
  const mode = stat.mode & 0o7777;
  const hasAcl =
    type === "directory" || type === "fifo" || (type === "file" && fact.kind === "file");
  const isWantedLink = fact.kind === "link" && type === "link";
  return {
    type,
    uid: stat.uid,
    gid: stat.gid,
    mode,
    access: hasAcl ? acls.get(procPath(fd), "access") : fullAcl(mode, []),
    inherit: type === "directory" ? acls.get(procPath(fd), "default") : [],
    content:
      fact.kind === "file" && type === "file"
        ? contentIfAlike(fact.content, stat.size, procPath(fd))
        : null,
    target: isWantedLink ? fs.readlinkSync(path) : null,
    dangling: isWantedLink && !fs.existsSync(path),
  };
}

function contentIfAlike(wanted: string | Uint8Array, size: number, path: string): Buffer | null {
  const bytes = typeof wanted === "string" ? Buffer.byteLength(wanted) : wanted.length;
  return bytes === size ? fs.readFileSync(path) : null;
}

function typeOf(stat: fs.Stats): SeenPath["type"] {
  if (stat.isDirectory()) return "directory";
  if (stat.isFile()) return "file";
  if (stat.isSymbolicLink()) return "link";
  return stat.isFIFO() ? "fifo" : "other";
}

function dropInsNow(): Map<string, string[]> {
  const ours =
    /^con(@[a-z][a-z0-9-]*\.(service|path|timer)|-gateway\.service|-healthcheck\.timer|-expiry\.timer)\.d$/;
  const folders = namesIn(paths.dropIns).filter((name) => ours.test(name));
  return new Map(folders.map((name) => [name, namesIn(join(paths.dropIns, name))]));
}

function compiledNow(): string[] {
  const { agents } = compiledPaths();
  return namesIn(agents, { recursive: true }).map((name) => join(agents, name));
}

export function observePeople(): People {
  return parsePeople(fs.readFileSync("/etc/passwd", "utf8"), fs.readFileSync("/etc/group", "utf8"));
}
