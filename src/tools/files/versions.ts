/**
 * Names in the archive. Pure.
 *
 * `versions/STAMP-RANDOM.KIND.MODE.SIZE.DIGEST.KEY` is one version of a file, `paths/KEY` holds the path of it. All that is
 * known about a version stands in its name, so there is no index that could be out of step.
 */
import { sha256 } from "../../system/sha256.ts";

export const versionKinds = ["written", "deleted", "directory", "database"] as const;
/** `written`: it was written over. `directory`: deleted with all below. `database`: a copy before SQL that destroys. */
export type VersionKind = (typeof versionKinds)[number];

export interface Version {
  /** Unique, and later ones sort behind earlier ones. */
  readonly id: string;
  readonly kind: VersionKind;
  readonly mode: number;
  readonly bytes: number;
  /** Of the content; "-" where nobody needed it. */
  readonly digest: string;
  readonly key: string;
}

const hex = 32;

export const keyOf = (path: string): string => sha256(path).slice(0, hex);

export const stampOf = (now: number): string =>
  new Date(now).toISOString().replaceAll(/[-:.]/g, "");

export const nameOf = ({ id, kind, mode, bytes, digest, key }: Version): string =>
  [id, kind, mode.toString(8), bytes, digest.slice(0, hex), key].join(".");

const form =
  /^(?<id>\d{8}T\d{9}Z-[0-9a-f]{8})\.(?<kind>[a-z]+)\.(?<mode>[0-7]{1,4})\.(?<bytes>\d{1,16})\.(?<digest>-|[0-9a-f]{32})\.(?<key>[0-9a-f]{32})$/;

/** Null for what is no version. */
export function readName(name: string): Version | null {
  const { groups } = form.exec(name) ?? {};
  if (groups === undefined) return null;
  const { id = "", mode = "", bytes = "", digest = "", key = "" } = groups;
  const kind = versionKinds.find((one) => one === groups["kind"]);
  return kind === undefined
    ? null
    : { id, kind, mode: Number.parseInt(mode, 8), bytes: Number(bytes), digest, key };
}

/** `20271131T210000000Z-…` as a time for people. */
export const timeOf = ({ id }: Pick<Version, "id">): string =>
  id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d).*$/, "$1-$2-$3 $4:$5:$6Z");

export interface Bounds {
  readonly versionsPerFile: number;
  readonly totalBytes: number;
  readonly versions: number;
}

/** Which have to go, so that all bounds hold: the oldest. `keep` stays in any case. */
export function overBounds(all: readonly Version[], bounds: Bounds, keep: string): Version[] {
  const newestFirst = [...all].sort((a, b) => (a.id < b.id ? 1 : -1));
  const kept = newestFirst.find(({ id }) => id === keep);
  let bytes = kept?.bytes ?? 0;
  let count = kept === undefined ? 0 : 1;
  const ofFile = new Map(kept === undefined ? [] : [[kept.key, 1]]);
  let isFull = false;
  return newestFirst.filter((version) => {
    if (version === kept) return false;
    const same = ofFile.get(version.key) ?? 0;
    if (same >= bounds.versionsPerFile) return true;
    // Once one has no room, no older one has.
    isFull ||= bytes + version.bytes > bounds.totalBytes || count >= bounds.versions;
    if (isFull) return true;
    bytes += version.bytes;
    count += 1;
    ofFile.set(version.key, same + 1);
    return false;
  });
}
