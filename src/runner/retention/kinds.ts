/**
 * What grows with the tasks of an agent, where it lies, how long it is kept and what keeps it longer. Pure.
 *
 * Only names that we give are known here; everything else in these directories is left alone.
 */
import type { Retention } from "../../config/types.ts";
import { isTemporaryName } from "../../system/durable.ts";
import { isId } from "../../task/id.ts";
import { temporaryMaxAgeMs } from "../../task/retry.ts";

/** What may still be wanted of things that are old enough. */
export interface InUse {
  /** In active, deferred or held. */
  readonly isAtWork: (id: string) => boolean;
  readonly hasFailed: (id: string) => boolean;
  /** A waiting task took it as an answer, or asked it. */
  readonly isAwaited: (id: string) => boolean;
  /** Its words are not in its thread yet. */
  readonly isMarked: (id: string) => boolean;
  /** Of a task at work, or of a thread that went on since. */
  readonly isPlanOf: (file: string) => boolean;
  /** A task at work, or one that it waits for, may be told to read it. */
  readonly isReadBy: (text: string) => boolean;
}

export interface Kind {
  /** For people and programs. */
  readonly what: string;
  /** Below the agent's directory. */
  readonly folder: readonly string[];
  /** Null: not for people to choose. */
  readonly days: keyof Retention | null;
  /** What the name stands for, e.g. the id of a task; null for names that are none of ours. */
  readonly ours: (name: string) => string | null;
  readonly inUse: (use: InUse, key: string) => boolean;
  /** An id that is known no more could run again: see spool/forgotten.ts. */
  readonly forgets: boolean;
}

const never = (): boolean => false;
/** `con retry` goes on from it. */
const mayGoOn: Kind["inUse"] = (use, id) => use.isAtWork(id) || use.hasFailed(id);

/** The id in `PREFIXid.SUFFIX`. */
const idNamed =
  (suffix: string, prefix = "") =>
  (name: string): string | null => {
    if (!name.startsWith(prefix) || !name.endsWith(suffix)) return null;
    const id = name.slice(prefix.length, name.length - suffix.length);
    return isId(id) ? id : null;
  };

const matching =
  (pattern: RegExp) =>
  (name: string): string | null =>
    pattern.test(name) ? name : null;

const kind = (
  what: string,
  folder: readonly string[],
  days: Kind["days"],
  ours: Kind["ours"],
  rest: Partial<Pick<Kind, "inUse" | "forgets">> = {},
): Kind => ({ what, folder, days, ours, inUse: never, forgets: false, ...rest });

const published: Kind["inUse"] = (use, id) => use.isAtWork(id) || use.isMarked(id);
const tasks = idNamed(".task");
const answersAndRecords = (name: string): string | null =>
  idNamed(".response")(name) ?? idNamed(".json")(name);
const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

/** In the order in which they are removed. */
export const kinds: readonly Kind[] = [
  kind("outbox", ["outbox"], "outboxDays", answersAndRecords, { inUse: published }),
  kind("processed", ["processed"], "processedDays", tasks, {
    inUse: (use, id) => use.isAwaited(id) || use.isMarked(id),
    forgets: true,
  }),
  kind("failed", ["queue", "failed"], "processedDays", tasks, { forgets: true }),
  kind("corrupt", ["queue", "corrupt"], "asideDays", tasks),
  kind("corrupt", ["inbox"], "asideDays", idNamed("", ".corrupt-")),
  kind(
    "damaged",
    ["state"],
    "asideDays",
    matching(/^(memory|cascade)\.db\.damaged(-[0-9-]+)?(-wal)?$/),
  ),
  kind("journals", ["state", "journal"], "journalDays", idNamed(".jsonl"), { inUse: mayGoOn }),
  kind("journals", ["state", "attempts"], "journalDays", idNamed(""), { inUse: mayGoOn }),
  kind("goals", ["state", "goals"], "planDays", idNamed(".json"), { inUse: mayGoOn }),
  kind("plans", ["state", "plans"], "planDays", matching(/^[A-Za-z0-9._-]+-[0-9a-f]{40}\.md$/), {
    inUse: (use, file) => use.isPlanOf(file),
  }),
  kind("sent", ["state", "sent"], "sentDays", idNamed(""), {
    inUse: (use, id) => use.isAwaited(id),
  }),
  kind(
    "texts",
    ["workspace", ".con", "tasks"],
    "textDays",
    matching(new RegExp(`^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,63}-)?${uuid}.*\\.txt$`, "s")),
    { inUse: (use, text) => use.isReadBy(text) },
  ),
  ...[["outbox"], ["processed"], ["state"], ["state", "attempts"], ["state", "goals"]]
    .concat([
      ["state", "plans"],
      ["state", "sent"],
      ["state", "turns"],
      ["queue", "corrupt"],
    ])
    .map((folder) =>
      kind("temporaries", folder, null, (name) => (isTemporaryName(name) ? name : null)),
    ),
  kind("temporaries", ["workspace", ".con", "tasks"], null, matching(/^\.con-tmp-[0-9a-f]{16}$/)),
];

const dayMs = 86_400_000;

/** What was written last before this moment is old enough, epoch milliseconds; null: nothing ever is. */
export const oldBefore = ({ days }: Kind, retention: Retention, now: number): number | null =>
  days === null ? now - temporaryMaxAgeMs : daysBefore(retention[days], now);

/** Null: for ever. Absent in what an earlier version compiled. */
export const daysBefore = (days: number | null | undefined, now: number): number | null =>
  days === null || days === undefined ? null : now - days * dayMs;

/** Beyond this, nobody knows whether time went by or the clock was set. */
const longestRestMs = 45 * dayMs;

/**
 * Whether anything may be removed now. The first time, and after a long rest, only the time is noted: a clock that
 * went ahead by a year would take everything, and so there is a day to see it.
 */
export function mayRemove(lastRun: number | null, now: number): boolean {
  if (lastRun === null) return false;
  const rest = now - lastRun;
  return rest <= longestRestMs && rest >= -dayMs;
}
