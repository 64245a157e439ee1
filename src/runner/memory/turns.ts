/**
 * Brings threads up to date: each marked task that has ended becomes a turn. What ended is read from the record and
 * the response that were published, so a turn is what the sender got. The same turn is kept once.
 */
import { placeOf, recordPath, responsePath } from "../../spool/known.ts";
import { readFile } from "../../system/durable.ts";
import { type JsonObject, jsonOrNull } from "../../system/json.ts";
import { headOf } from "../../task/text.ts";
import { shelve } from "../texts.ts";
import { type Mark, markedIds, readMark, removeMark, turnBytes } from "./marks.ts";
import { tellerOf } from "./owner.ts";
import type { OpenWorld } from "./world.ts";

const maxRecordBytes = 1 << 20;
const maxAnswerBytes = 64 << 20;

export function keepTurns(world: OpenWorld): void {
  const { disk, paths } = world;
  for (const id of markedIds(disk, paths)) {
    const mark = readMark(disk, paths, id);
    const ended = endOf(world, id);
    if (ended === "unreadable")
      world.log.warn("a turn is not kept: the record of its task is damaged", { task: id });
    else if (mark !== null && ended !== null) add(world, mark, ended);
    // Without a record and in no queue: an operator took it away.
    const isOver = ended !== null || placeOf(disk, paths, id) === null;
    if (mark === null || isOver) removeMark(disk, paths, id);
  }
}

interface Ended {
  readonly status: string;
  readonly at: number;
  readonly answer: string;
}

/** Null while it has no published end. A record that is damaged must not keep other turns from being kept. */
function endOf({ disk, paths }: OpenWorld, id: string): Ended | "unreadable" | null {
  const record = readFile(disk, recordPath(paths, id), maxRecordBytes);
  if (record === null) return null;
  const end = endIn(Buffer.from(record).toString("utf8"));
  if (end === null) return "unreadable";
  const answer = readFile(disk, responsePath(paths, id), maxAnswerBytes);
  const text = answer === null ? "" : Buffer.from(answer).toString("utf8");
  return { ...end, answer: text };
}

function endIn(record: string): Omit<Ended, "answer"> | null {
  const { status, finished_at } = (jsonOrNull(record) ?? {}) as JsonObject;
  const at = typeof finished_at === "string" ? Date.parse(finished_at) : Number.NaN;
  return typeof status === "string" && !Number.isNaN(at) ? { status, at } : null;
}

function add(world: OpenWorld, mark: Mark, { status, at, answer: whole }: Ended): void {
  const answer = headOf(whole.trimEnd(), turnBytes);
  const isCut = answer !== whole.trimEnd();
  const answerPath = isCut ? shelve(world, `${mark.task}-answer`, whole) : null;
  const { owner, thread, tainted = false, ...said } = mark;
  const from = tellerOf(mark, tainted);
  const trust = tainted ? "unverified" : mark.trust;
  const turn = { ...said, from, trust, status, at, answer, answerPath } as const;
  world.store.threads.addTurn(owner, thread, turn);
}
