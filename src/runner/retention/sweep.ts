/**
 * Old names of one kind: found, and removed. A name is looked at again right before it goes, and stays when it was
 * written since or is in use by then.
 */
import { type Disk, errnoOf, isDiskTrouble } from "../../system/disk.ts";
import { type Folder, withFolder } from "./folder.ts";
import type { InUse, Kind } from "./kinds.ts";

/** What one run may still do. */
export interface Left {
  /** Names. */
  count: number;
  /** False: there was more to do. */
  complete: boolean;
  readonly isOver: () => boolean;
}

export interface Old {
  readonly name: string;
  /** What it stands for. */
  readonly key: string;
  readonly ino: bigint;
  readonly mtimeNs: bigint;
  readonly bytes: number;
}

interface Place {
  readonly disk: Disk;
  /** The agent's directory. */
  readonly base: string;
  readonly kind: Kind;
  readonly left: Left;
}

/** What was written last before a moment, oldest first, no more than may still be removed. */
export function findOld({ disk, base, kind, left }: Place, before: number): Old[] {
  const found = withFolder(disk, base, kind.folder, (folder) => oldIn(folder, kind, before, left));
  const old = (found ?? []).sort(inOrder);
  if (old.length > left.count) left.complete = false;
  return old.slice(0, left.count);
}

/** Of an answer and its record the answer goes first: a record says that a task is settled. */
function inOrder(a: Old, b: Old): number {
  if (a.mtimeNs !== b.mtimeNs) return a.mtimeNs < b.mtimeNs ? -1 : 1;
  return a.name > b.name ? -1 : 1;
}

function oldIn(folder: Folder, kind: Kind, before: number, left: Left): Old[] {
  const found: Old[] = [];
  for (const name of folder.names()) {
    const key = kind.ours(name);
    if (key === null) continue;
    if (left.isOver()) {
      left.complete = false;
      break;
    }
    const stat = folder.find(name);
    // Of a link the name would go, and nothing that it leads to.
    if (stat === null || stat.isDirectory()) continue;
    const { ino, mtimeNs, size } = stat;
    if (Number(mtimeNs / 1_000_000n) < before)
      found.push({ name, key, ino, mtimeNs, bytes: Number(size) });
  }
  return found;
}

export interface Removed {
  readonly gone: readonly Old[];
  /** Could not be removed, and why the first of them. */
  readonly refused: number;
  readonly why: string | null;
}

export function removeAll(place: Place, wanted: readonly Old[], use: InUse): Removed {
  const { disk, base, kind, left } = place;
  const none: Removed = { gone: [], refused: 0, why: null };
  const act = (folder: Folder): Removed => {
    const gone: Old[] = [];
    const refusals: string[] = [];
    for (const one of wanted) {
      if (left.isOver()) {
        left.complete = false;
        break;
      }
      if (kind.inUse(use, one.key) || !isSame(folder, one)) continue;
      left.count -= 1;
      const refusal = removeName(folder, one.name);
      if (refusal === null) gone.push(one);
      else refusals.push(refusal);
    }
    if (gone.length > 0) folder.sync();
    return { gone, refused: refusals.length, why: refusals[0] ?? null };
  };
  return withFolder(disk, base, kind.folder, act) ?? none;
}

/** Not written again, nor replaced, since it was found. */
function isSame(folder: Folder, { name, ino, mtimeNs }: Old): boolean {
  const stat = folder.find(name);
  return stat !== null && stat.ino === ino && stat.mtimeNs === mtimeNs;
}

/** Null when it is gone, by us or somebody else; else the errno of a name that nobody here can remove. */
function removeName(folder: Folder, name: string): string | null {
  try {
    folder.remove(name);
    return null;
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT") return null;
    if (code === null || isDiskTrouble(error)) throw error;
    return code;
  }
}
