/**
 * Journals on disk: `state/journal/ID.jsonl`, one per task.
 *
 * A torn last line, as a crash leaves it, is cut off durably before anything is appended after it.
 * Never: changes a journal that cannot be read otherwise; that is for a person to look at.
 */
import { join } from "node:path";
import { decodeLines, encodeLines, type JournalLine, progressOf } from "../agent/journal.ts";
import type { JournalWriter } from "../agent/run.ts";
import { openAppender } from "../system/appender.ts";
import type { Disk } from "../system/disk.ts";
import { exists, readFile, replaceDurably } from "../system/durable.ts";

export interface OpenJournal {
  readonly lines: readonly JournalLine[];
  readonly writer: JournalWriter;
  readonly close: () => void;
}

export type Opened =
  | ({ readonly ok: true } & OpenJournal)
  | { readonly ok: false; readonly why: string };

const mode = 0o600;
/** A journal beyond this is damaged: a run of 1,000 steps stays far below. */
const maxBytes = 256 << 20;

const pathOf = (directory: string, id: string): string => join(directory, `${id}.jsonl`);

/** Reads the journal of task `id` and opens it for more. `id` was checked by the queue. */
export function openJournal(disk: Disk, directory: string, id: string): Opened {
  disk.makeDirectory(directory, 0o700);
  const path = pathOf(directory, id);
  const found = readFile(disk, path, maxBytes);
  // Taken for an empty one, all that it holds would be done again.
  if (found === null && exists(disk, path))
    return { ok: false, why: `${path} is larger than ${maxBytes} bytes` };
  const bytes = found ?? new Uint8Array();
  const decoded = decodeLines(Buffer.from(bytes).toString("utf8"));
  if (!decoded.ok) return { ok: false, why: `line ${decoded.line} of ${path} ${decoded.why}` };
  if (decoded.bytes < bytes.length)
    replaceDurably(disk, path, bytes.subarray(0, decoded.bytes), mode);
  const appender = openAppender(disk, path, mode);
  return {
    ok: true,
    lines: decoded.lines,
    writer: { append: (lines) => appender.append(Buffer.from(encodeLines(lines))) },
    close: appender.close,
  };
}

/** Completed calls in the journal of task `id`; 0 where there is none that can be read. */
export function journalProgress(disk: Disk, directory: string, id: string): number {
  const bytes = readFile(disk, pathOf(directory, id), maxBytes);
  if (bytes === null) return 0;
  const decoded = decodeLines(Buffer.from(bytes).toString("utf8"));
  return decoded.ok ? progressOf(decoded.lines) : 0;
}
