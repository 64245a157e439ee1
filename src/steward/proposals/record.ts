/**
 * A change that was proposed, approved and made, as it lies in /var/lib/con/proposals/ID.json: what it takes to see it
 * and to take it back. It is written and removed with the change itself (../change.ts), so it is there exactly when the
 * change is. Never: gives back a file that is not whole and ours.
 */
import { join } from "node:path";
import { type Disk, listed } from "../../system/disk.ts";
import { readFile, removeDurably } from "../../system/durable.ts";
import { sha256 } from "../../system/sha256.ts";
import { isId } from "../../task/id.ts";
import type { Consent, Who } from "../approvals/types.ts";
import { fileOf } from "../places.ts";
import type { ProposedFile, TaskOrigin } from "../types.ts";

export interface ProposalRecord {
  readonly version: 1;
  /** The id of the request that proposed it. */
  readonly id: string;
  readonly agent: string;
  readonly target: string;
  readonly why: string;
  /** As people saw it. */
  readonly sha256: string;
  readonly tested: readonly string[];
  readonly files: readonly RecordedFile[];
  readonly origin: TaskOrigin;
  readonly asked: string;
  readonly approvals: readonly Consent[];
  readonly landed: string;
  readonly rolled_back: RolledBack | null;
}

export const originOf = ({ task, call, from, trust, tainted }: TaskOrigin): TaskOrigin => ({
  ...{ task, call, from, trust, tainted },
});

/** What people are told of it before anything else. */
export const doubtsAbout = ({ tainted, trust }: TaskOrigin): string[] => [
  ...(tainted
    ? ["WORDS OF STRANGERS were read by the task that proposes this: trust no line"]
    : []),
  ...(trust === "verified" ? [] : ["NOBODY TRUSTED gave the task that proposes this"]),
];

export interface RecordedFile {
  readonly path: string;
  /** See `pathOf` in base.ts. */
  readonly place: string;
  readonly before: string | null;
  readonly after: string | null;
}

interface RolledBack {
  readonly by: Who;
  readonly at: string;
  readonly why: string;
  /** The request that did it. */
  readonly request: string;
}

/** A shared tool is in it with all its files. */
const maxRecordBytes = 4 << 20;

export const recordPath = (directory: string, id: string): string => join(directory, fileOf(id));

export const recordText = (record: ProposalRecord): string => `${JSON.stringify(record)}\n`;

/** Null where there is none, or something that is none. */
export function readRecord(disk: Disk, directory: string, id: string): ProposalRecord | null {
  if (!isId(id)) return null;
  const bytes = readFile(disk, recordPath(directory, id), maxRecordBytes);
  if (bytes === null) return null;
  try {
    const value = JSON.parse(Buffer.from(bytes).toString()) as Partial<ProposalRecord>;
    const isOurs = value.version === 1 && value.id === id && Array.isArray(value.files);
    return isOurs ? (value as ProposalRecord) : null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

/** What can be taken back in the end: the chain of actions has all of them. */
const mostRecords = 1000;

/** The oldest go. An id begins with its time. */
export function boundRecords(disk: Disk, directory: string, most = mostRecords): void {
  const ids = idsIn(disk, directory).sort();
  for (const id of ids.slice(0, Math.max(0, ids.length - most)))
    removeDurably(disk, recordPath(directory, id));
}

const idsIn = (disk: Disk, directory: string): string[] =>
  listed(disk, directory)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length))
    .filter(isId);

/** Oldest first; damaged ones are named apart. */
export function readRecords(
  disk: Disk,
  directory: string,
): { readonly records: readonly ProposalRecord[]; readonly damaged: readonly string[] } {
  const ids = idsIn(disk, directory);
  const found = ids.map((id) => ({ id, record: readRecord(disk, directory, id) }));
  return {
    records: found
      .flatMap(({ record }) => record ?? [])
      .sort((a, b) => Date.parse(a.landed) - Date.parse(b.landed)),
    damaged: found.flatMap(({ id, record }) => (record === null ? id : [])),
  };
}

/** Whose change of what, to which bytes. */
export function digestOf(agent: string, target: string, files: readonly ProposedFile[]): string {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const text = JSON.stringify([agent, target, sorted.map(({ path, content }) => [path, content])]);
  return sha256(text);
}
