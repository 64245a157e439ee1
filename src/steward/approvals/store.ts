/**
 * Approvals on disk: one file each, replaced whole, durable when a function here returns. Only root writes
 * there; members of group trusted read. Never: gives back a file that is not whole and ours.
 */
import { join } from "node:path";
import { type Disk, errnoOf } from "../../system/disk.ts";
import { createDurably, readFile, removeDurably, replaceDurably } from "../../system/durable.ts";
import { ConError, exit } from "../../system/errors.ts";
import { isId } from "../../task/id.ts";
import { fileOf } from "../places.ts";
import { type Approval, maxApprovalBytes } from "./types.ts";

/** Readable through the ACL of the directory. */
const mode = 0o640;

const bytesOf = (approval: Approval): Uint8Array => Buffer.from(`${JSON.stringify(approval)}\n`);

/** False when there is one of that id already. */
export const createApproval = (disk: Disk, directory: string, approval: Approval): boolean =>
  createDurably(disk, join(directory, fileOf(approval.id)), bytesOf(approval), mode) === "created";

export const writeApproval = (disk: Disk, directory: string, approval: Approval): void =>
  replaceDurably(disk, join(directory, fileOf(approval.id)), bytesOf(approval), mode);

export const removeApproval = (disk: Disk, directory: string, id: string): void =>
  removeDurably(disk, join(directory, fileOf(id)));

/** Null where there is none. Throws `ConError` 65 for a damaged one: what it said cannot be guessed. */
export function readApproval(disk: Disk, directory: string, id: string): Approval | null {
  if (!isId(id)) return null;
  const path = join(directory, fileOf(id));
  const bytes = readFile(disk, path, maxApprovalBytes);
  if (bytes === null) {
    if (disk.find(path) === null) return null;
    throw damaged(path);
  }
  const value = parse(bytes);
  if (!isApproval(value) || value.id !== id) throw damaged(path);
  return value;
}

/** All that can be read, in the order of their ids; damaged ones are named apart. */
export function listApprovals(
  disk: Disk,
  directory: string,
): { readonly approvals: readonly Approval[]; readonly damaged: readonly string[] } {
  const approvals: Approval[] = [];
  const broken: string[] = [];
  for (const id of idsIn(disk, directory)) {
    try {
      const approval = readApproval(disk, directory, id);
      if (approval !== null) approvals.push(approval);
    } catch (error) {
      if (!(error instanceof ConError)) throw error;
      broken.push(id);
    }
  }
  return { approvals, damaged: broken };
}

function idsIn(disk: Disk, directory: string): string[] {
  try {
    return disk
      .list(directory)
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -".json".length))
      .filter(isId)
      .sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

function damaged(path: string): ConError {
  return new ConError(
    exit.badInput,
    path,
    "it is damaged",
    "remove it as root; who asked is refused when the time is over",
  );
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

const states: readonly unknown[] = ["pending", "approved", "denied", "expired"];

/** Root wrote it whole; this tells a file of another version from one of ours. */
function isApproval(value: unknown): value is Approval {
  if (typeof value !== "object" || value === null) return false;
  const { version, id, state, needed, approvals, subject } = value as Partial<Approval>;
  return (
    version === 1 &&
    typeof id === "string" &&
    states.includes(state) &&
    Number.isInteger(needed) &&
    Array.isArray(approvals) &&
    typeof subject === "object"
  );
}
