/**
 * Memories in directories that several agents reach by ordinary grants: one file each, written and read as the file
 * tools do it. Who may share with whom is what access lists say; nothing here adds to it.
 *
 * Never: believes a file about its author; copies anything into the agent's own memory. Throws `Denied` as the file
 * tools do. After a crash the same call writes the same file again.
 */
import { join } from "node:path";
import {
  encodeClaim,
  findShared,
  maxFileBytes,
  parseClaim,
  renderShared,
  type SharedMemory,
} from "../../memory/shared.ts";
import { redactKeys } from "../../system/redact.ts";
import { sha256 } from "../../system/sha256.ts";
import type { Recalling, Remembering, SharedMemories } from "../../tools/desks.ts";
import { absolute, Denied, readable, writable } from "../../tools/files/reach.ts";
import { type SmallFile, smallFilesWithin } from "../../tools/files/small.ts";
import { storeWithin } from "../../tools/files/store.ts";
import type { FilePolicy } from "../../tools/policies.ts";

export interface SharedWorld {
  readonly agent: string;
  readonly task: string;
  readonly files: FilePolicy;
  readonly now: () => number;
  readonly nonce: () => string;
  /** Null for who is no agent. */
  readonly agentOf: (uid: number) => string | null;
}

const bounds = { files: 2000, bytes: maxFileBytes, entries: 10_000 } as const;
/** Whoever may only write in the directory shall not write in the file: it stands for its owner's word. */
const ownerWrites = 0o644;
const othersWrite = 0o022;

/** The path of the file. */
export function share(
  { agent, task, files }: SharedWorld,
  directory: string,
  wanted: Remembering,
  callId: string,
): string {
  const [title, text] = [redactKeys(wanted.title), redactKeys(wanted.text)];
  const bytes = encodeClaim({ ...wanted, title, text });
  if ("why" in bytes) throw new Denied(bytes.why);
  const id = sha256(JSON.stringify([agent, task, callId]));
  const path = join(absolute(files.workspace, directory), `memory-${id.slice(0, 32)}.json`);
  storeWithin(writable(files), path, bytes, { atMost: ownerWrites });
  return path;
}

export async function recallShared(
  world: SharedWorld,
  directory: string,
  asked: Recalling,
  signal: AbortSignal,
): ReturnType<SharedMemories["recall"]> {
  const { files, now, nonce } = world;
  const path = absolute(files.workspace, directory);
  const found = smallFilesWithin(readable(files), path, { suffix: ".json", bounds });
  const memories = found.files.flatMap((file) => memoryOf(world, file));
  const hits = await findShared(memories, asked, { now: now(), signal });
  const skipped = found.skipped + (found.files.length - memories.length);
  const text = [
    renderShared(hits, asked.query, nonce()),
    ...(skipped === 0 ? [] : [`${skipped} files there are no memories, and were skipped.`]),
    ...(found.more ? ["There are more files than were looked at: older ones should go."] : []),
  ].join("\n");
  return { text, untrusted: hits.some(({ memory }) => memory.author !== world.agent) };
}

function memoryOf({ agentOf }: SharedWorld, file: SmallFile): SharedMemory[] {
  const claim = parseClaim(file.bytes);
  if (claim === null) return [];
  const owner = agentOf(file.uid) ?? `uid ${file.uid}`;
  // The mask of an access list shows as the bits of the group.
  const author = (file.mode & othersWrite) === 0 ? owner : null;
  return [{ ...claim, file: file.name, author, owner, written: writtenAt(file) }];
}

/** Its owner sets this time; one that no date can hold counts as none. */
const writtenAt = ({ mtimeMs }: SmallFile): number =>
  Number.isFinite(mtimeMs) && Math.abs(mtimeMs) <= 8.64e15 ? mtimeMs : 0;
