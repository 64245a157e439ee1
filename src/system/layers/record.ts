/**
 * What is known of the layers that con laid down: a record of each, and why the latest try came to nothing. Root writes,
 * everybody reads. Never: takes a record for one of another package. A layer without a record does not exist.
 */
import { type Disk, listed } from "../disk.ts";
import { readFile } from "../durable.ts";
import {
  failureFile,
  isDigest,
  isRecordName,
  type LayerLanguage,
  type LayerName,
  layerLanguages,
  recordFile,
} from "./names.ts";

export interface LayerRecord extends LayerName {
  readonly version: 1;
  readonly digest: string;
  readonly files: number;
  readonly bytes: number;
  /** Of the package's own archive, as its registry said. */
  readonly integrity: string | null;
  /** Packages in it, itself included. */
  readonly packages: readonly string[];
  /** When it was laid down, ISO 8601. */
  readonly at: string;
}

export interface LayerFailure extends LayerName {
  readonly version: 1;
  /** Those that it was asked for by; the latest of them. */
  readonly requests: readonly string[];
  readonly at: string;
  readonly why: string;
}

const mostBytes = 2 ** 20;

export function readLayer(disk: Disk, directory: string, of: LayerName): LayerRecord | null {
  const value = parsed(readFile(disk, recordFile(directory, of), mostBytes));
  return isRecord(value) && isOf(value, of) ? value : null;
}

export function readFailure(disk: Disk, directory: string, of: LayerName): LayerFailure | null {
  const value = parsed(readFile(disk, failureFile(directory, of), mostBytes));
  return isFailure(value) && isOf(value, of) ? value : null;
}

/** All of them, by language and name; `broken`: files that are no records. */
export function readLayers(
  disk: Disk,
  directory: string,
): { readonly records: readonly LayerRecord[]; readonly broken: readonly string[] } {
  const records: LayerRecord[] = [];
  const broken: string[] = [];
  for (const name of listed(disk, directory).filter(isRecordName).sort()) {
    const value = parsed(readFile(disk, `${directory}/${name}`, mostBytes));
    if (isRecord(value) && recordFile(directory, value) === `${directory}/${name}`)
      records.push(value);
    else broken.push(name);
  }
  return { records, broken };
}

const isOf = (value: LayerName, of: LayerName): boolean =>
  value.language === of.language && value.package === of.package;

function parsed(bytes: Uint8Array | null): unknown {
  if (bytes === null) return null;
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

type Loose = Readonly<Record<string, unknown>>;

const isName = (value: unknown): value is Loose =>
  typeof value === "object" &&
  value !== null &&
  (value as Loose)["version"] === 1 &&
  layerLanguages.includes((value as Loose)["language"] as LayerLanguage) &&
  typeof (value as Loose)["package"] === "string" &&
  typeof (value as Loose)["at"] === "string";

const isRecord = (value: unknown): value is LayerRecord =>
  isName(value) &&
  isDigest(value["digest"]) &&
  Number.isSafeInteger(value["files"]) &&
  Number.isSafeInteger(value["bytes"]) &&
  (value["integrity"] === null || typeof value["integrity"] === "string") &&
  Array.isArray(value["packages"]) &&
  value["packages"].every((one) => typeof one === "string");

const isFailure = (value: unknown): value is LayerFailure =>
  isName(value) &&
  typeof value["why"] === "string" &&
  Array.isArray(value["requests"]) &&
  value["requests"].every((one) => typeof one === "string");
