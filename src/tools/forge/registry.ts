/**
 * The forged tools of one agent on disk, or those that all may share: `versions/NAME/N/` and, of each tool, `current/NAME.json`, which says what there
 * is: the version in use, and the digest of every version. A version that no pointer names does not exist.
 *
 * After a crash: the pointer is the old one or the new one; files of a version that was not registered are left over and
 * written over by the next. Never: follows a link, changes a version, hands out one whose files are not what they were.
 */
import { dirname, join } from "node:path";
import { type Disk, listed } from "../../system/disk.ts";
import { readFile, replaceDurably, syncDirectory } from "../../system/durable.ts";
import { isObject } from "../../system/json.ts";
import { isToolName } from "./names.ts";
import { json, type Loaded, type Made, readVersion, writeVersion } from "./version-files.ts";

export interface Pointer {
  readonly format: 1;
  /** In use; null where the tool was removed. */
  readonly version: number | null;
  /** Version → digest over all its files. */
  readonly digests: Readonly<Record<string, string>>;
  /** Of shared ones: the agent that forged it, and that alone may replace it. */
  readonly owner?: string;
}

export type Turned = { readonly ok: true } | { readonly ok: false; readonly why: string };

export interface Registry {
  /** In their order. Removed ones are there as well. */
  readonly names: () => string[];
  /** Null where there is no such tool; text where its pointer cannot be read. */
  readonly pointer: (name: string) => Pointer | string | null;
  /** The one in use, or that version. */
  readonly load: (name: string, version?: number) => Loaded;
  /** The number that the new version has got, or why it has none. Whoever calls it holds the lock. */
  readonly register: (made: Made) => { readonly version: number } | { readonly why: string };
  /** Brings that version into use. Whoever calls it holds the lock. */
  readonly rollBack: (name: string, version: number) => Turned;
  /** Takes it out of use; its versions stay. Whoever calls it holds the lock. */
  readonly remove: (name: string) => Turned;
}

const mostPointerBytes = 2 ** 20;
const mostVersions = 1000;
const mostTools = 500;
const mode = 0o600;
const directoryMode = 0o700;
const suffix = ".json";

/** `category` stands before its names: `forged`, or `shared` for those that root keeps. */
export function createRegistry(disk: Disk, root: string, category = "forged"): Registry {
  const called = (name: string): string => `${category}.${name}`;
  const current = join(root, "current");
  const pointerOf = (name: string): string => join(current, `${name}${suffix}`);
  const folderOf = (name: string, version: number): string =>
    join(root, "versions", name, String(version));

  const names = (): string[] =>
    listed(disk, current)
      .filter((file) => file.endsWith(suffix))
      .map((file) => file.slice(0, -suffix.length))
      .filter(isToolName)
      .sort();

  const pointer = (name: string): Pointer | string | null => {
    if (!isToolName(name)) return null;
    const bytes = readFile(disk, pointerOf(name), mostPointerBytes);
    return bytes === null ? null : readPointer(bytes);
  };

  const point = (name: string, to: Pointer): void => {
    makeDirectories(disk, [current]);
    replaceDurably(disk, pointerOf(name), json(to), mode);
  };

  const load = (name: string, wanted?: number): Loaded => {
    const found = pointer(name);
    if (found === null) return { ok: false, why: `there is no ${called(name)}` };
    if (typeof found === "string") return { ok: false, why: found };
    const version = wanted ?? found.version;
    if (version === null)
      return {
        ok: false,
        why: `${called(name)} ${category === "forged" ? "was removed" : "is shared no more"}`,
      };
    const digest = found.digests[String(version)];
    if (digest === undefined)
      return { ok: false, why: `${called(name)} has no version ${version}` };
    return readVersion(disk, folderOf(name, version), { category, name, version, digest });
  };

  const turn = (name: string, version: number | null): Turned => {
    const found = pointer(name);
    if (found === null) return { ok: false, why: `there is no ${called(name)}` };
    if (typeof found === "string") return { ok: false, why: found };
    point(name, { ...found, version });
    return { ok: true };
  };

  return {
    names,
    pointer,
    load,
    register(made) {
      const { name } = made.manifest;
      const found = pointer(name);
      if (typeof found === "string") return { why: found };
      if (found === null && names().length >= mostTools)
        return { why: `there are ${mostTools} forged tools, and no more may be` };
      const digests = found?.digests ?? {};
      const version = Math.max(0, ...Object.keys(digests).map(Number)) + 1;
      if (version > mostVersions) return { why: `it has had ${mostVersions} versions` };
      const folder = folderOf(name, version);
      makeDirectories(disk, [join(root, "versions"), dirname(folder), folder]);
      const written = writeVersion(disk, folder, made, version);
      point(name, { format: 1, version, digests: { ...digests, [version]: written } });
      return { version };
    },
    rollBack(name, version) {
      const loaded = load(name, version);
      return loaded.ok ? turn(name, version) : loaded;
    },
    remove: (name) => turn(name, null),
  };
}

/** Each lies in the one before. A directory that is not durable in its parent takes with it what is in it. */
function makeDirectories(disk: Disk, paths: readonly string[]): void {
  for (const path of paths) {
    disk.makeDirectory(path, directoryMode);
    syncDirectory(disk, dirname(path));
  }
}

/** Text where it is none. */
function readPointer(bytes: Uint8Array): Pointer | string {
  const broken = "what says which version is in use cannot be read; an operator must look at it";
  try {
    const value = JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown;
    return isPointer(value) ? value : broken;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return broken;
  }
}

const isPointer = (value: unknown): value is Pointer =>
  isObject(value) &&
  value["format"] === 1 &&
  (value["version"] === null || Number.isSafeInteger(value["version"])) &&
  (value["owner"] === undefined || typeof value["owner"] === "string") &&
  isObject(value["digests"]) &&
  Object.entries(value["digests"]).every(
    ([version, digest]) =>
      /^[1-9]\d{0,5}$/.test(version) && typeof digest === "string" && /^[0-9a-f]{64}$/.test(digest),
  );
