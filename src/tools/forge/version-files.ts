/**
 * The files of one version of a forged tool, and the digest over all of them. Never: follows a link at a file, or hands out
 * files that are not what they were.
 */
import { join } from "node:path";
import { type Disk, errnoOf } from "../../system/disk.ts";
import { readFile, replaceDurably } from "../../system/durable.ts";
import { sha256 } from "../../system/sha256.ts";
import type { Example, Manifest } from "./types.ts";

export interface Made {
  readonly manifest: Omit<Manifest, "format" | "version">;
  readonly code: string;
  readonly tests: readonly Example[];
  readonly report: string;
}

export interface Version {
  readonly manifest: Manifest;
  readonly code: string;
  readonly tests: readonly Example[];
  readonly report: string;
  readonly digest: string;
}

export type Loaded =
  | ({ readonly ok: true } & Version)
  | { readonly ok: false; readonly why: string };

/** Of a version, in the order of its digest. */
export const versionFiles = ["tool.json", "code", "tests.json", "report.md"] as const;
const files = versionFiles;
const mostFileBytes = 8 * 2 ** 20;
const mode = 0o600;

export const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

const filesOf = ({ manifest, code, tests, report }: Made, version: number): Buffer[] => [
  json({ format: 1, ...manifest, version } satisfies Manifest),
  Buffer.from(code),
  json(tests),
  Buffer.from(report),
];

/** The digest of what was written. */
export function writeVersion(disk: Disk, folder: string, made: Made, version: number): string {
  const contents = filesOf(made, version);
  for (const [index, name] of files.entries())
    replaceDurably(disk, join(folder, name), contents[index] ?? Buffer.alloc(0), mode);
  return digestOf(contents);
}

/** Over the digests of all files and their names, so that no byte can move from one into another. */
export const digestOf = (contents: readonly Uint8Array[]): string =>
  sha256(files.map((name, index) => `${name} ${sha256(contents[index] ?? "")}\n`).join(""));

interface Wanted {
  /** Before its name: `forged` or `shared`. */
  readonly category: string;
  readonly name: string;
  readonly version: number;
  readonly digest: string;
}

export function readVersion(disk: Disk, folder: string, wanted: Wanted): Loaded {
  const { category, name, version, digest } = wanted;
  const remedy = category === "forged" ? "roll it back or forge it again" : "tell a person";
  const changed = {
    ok: false,
    why: `${category}.${name}: version ${version} is not what was registered; ${remedy}`,
  } as const;
  let contents: (Uint8Array | null)[];
  try {
    contents = files.map((file) => readFile(disk, join(folder, file), mostFileBytes));
  } catch (error) {
    // A link or a directory in its place.
    if (!["ELOOP", "ENOTDIR", "EISDIR", "EACCES"].includes(errnoOf(error) ?? "")) throw error;
    return changed;
  }
  const whole = contents.filter((bytes) => bytes !== null);
  if (whole.length < files.length || digestOf(whole) !== digest) return changed;
  const [tool = "", code = "", tests = "", report = ""] = whole.map((bytes) =>
    Buffer.from(bytes).toString("utf8"),
  );
  const manifest = JSON.parse(tool) as Manifest;
  if (manifest.name !== name || manifest.version !== version) return changed;
  return { ok: true, manifest, code, tests: JSON.parse(tests) as Example[], report, digest };
}
