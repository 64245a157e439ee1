/**
 * `outbox/ID.held`: what a held task asks people, where they read its answer later, too.
 *
 * The note in the queue says who may answer, this only shows it: forged or gone, it lets nobody through. There while
 * the task is held, and for a moment before and after. Written whole; after a crash it is made again with the next
 * hold, or goes with the note.
 */
import { basename, dirname, join } from "node:path";
import { type Disk, errnoOf } from "../system/disk.ts";
import { isObject, jsonOrNull } from "../system/json.ts";
import { publishTogether } from "../system/publish.ts";
import type { CallHold } from "../task/hold.ts";
import { isId } from "../task/id.ts";
import type { AgentPaths } from "./layout.ts";
import type { WaitNote } from "./wait-note.ts";

export const questionSuffix = ".held";

/** Bytes of such a file. */
export const maxQuestionBytes = 128 * 1024;

export interface PublicQuestion {
  /** That an answer names. */
  readonly id: string;
  readonly task: string;
  /** RFC 3339. */
  readonly asked: string;
  readonly until: string;
  readonly why: string;
  readonly question: string;
}

export const questionPath = ({ outbox }: Pick<AgentPaths, "outbox">, task: string): string =>
  join(outbox, `${task}${questionSuffix}`);

/** Readable for whoever may read answers. */
const mode = 0o640;

/** Nothing where no hold asks people. */
export function askPublicly(
  disk: Disk,
  paths: AgentPaths,
  task: string,
  { holds, note }: { readonly holds: readonly CallHold[]; readonly note: WaitNote },
): void {
  const hold = holds.find(({ question }) => question !== undefined);
  const [id] = hold?.waitFor ?? [];
  if (hold?.question === undefined || id === undefined) return;
  const { why, question } = hold;
  const until = new Date(hold.until).toISOString();
  const value = { con: 1, id, task, state: "held", asked: note.since, until, why, question };
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  publishTogether(disk, paths.outbox, [{ path: questionPath(paths, task), bytes }], mode);
}

export function forgetQuestion(disk: Disk, paths: AgentPaths, task: string): void {
  const path = questionPath(paths, task);
  // What a crash left waiting bears the other name.
  for (const one of [path, join(dirname(path), `.${basename(path)}.new`)]) {
    try {
      disk.unlink(one);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
}

/** Null for what is none. An agent wrote it: nothing in it is believed but what it asks. */
export function decodeQuestion(text: string): PublicQuestion | null {
  const value = jsonOrNull(text);
  if (!isObject(value)) return null;
  const { con, id, task, asked, until, why, question } = value;
  const texts = [id, task, asked, until, why, question];
  if (con !== 1 || !texts.every((one) => typeof one === "string")) return null;
  const read = { id, task, asked, until, why, question } as PublicQuestion;
  const isTimed = [read.asked, read.until].every((one) => !Number.isNaN(Date.parse(one)));
  return isId(read.id) && isTimed ? read : null;
}
