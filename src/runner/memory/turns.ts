/**
 * Brings threads up to date: each marked task that has ended becomes a turn. What ended is read from the record and
 * the response that were published, so a turn is what the sender got. The same turn is kept once.
 */
import { placeOf, recordPath, responsePath } from "../../spool/known.ts";
import { readFile } from "../../system/durable.ts";
import { headOf } from "../../task/text.ts";
import { shelve } from "../texts.ts";
import { type Mark, markedIds, readMark, removeMark, turnBytes } from "./marks.ts";
import type { OpenWorld } from "./world.ts";

const maxRecordBytes = 1 << 20;
const maxAnswerBytes = 64 << 20;

export function keepTurns(world: OpenWorld): void {
  const { disk, paths } = world;
  for (const id of markedIds(disk, paths)) {
    const mark = readMark(disk, paths, id);
    const ended = endOf(world, id);
    if (mark !== null && ended !== null) add(world, mark, ended);
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

/** Null while it has no published end. */
function endOf({ disk, paths }: OpenWorld, id: string): Ended | null {
  const record = readFile(disk, recordPath(paths, id), maxRecordBytes);
  if (record === null) return null;
  const { status, finished_at } = JSON.parse(Buffer.from(record).toString("utf8")) as {
    readonly status: string;
    readonly finished_at: string;
  };
  const answer = readFile(disk, responsePath(paths, id), maxAnswerBytes);
  const text = answer === null ? "" : Buffer.from(answer).toString("utf8");
  return { status, at: Date.parse(finished_at), answer: text };
}

function add(world: OpenWorld, mark: Mark, { status, at, answer: whole }: Ended): void {
  const answer = headOf(whole.trimEnd(), turnBytes);
  const isCut = answer !== whole.trimEnd();
  const answerPath = isCut ? shelve(world, `${mark.task}-answer`, whole) : null;
  const { owner, thread, ...said } = mark;
  world.store.threads.addTurn(owner, thread, { ...said, status, at, answer, answerPath });
}
