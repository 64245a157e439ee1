/**
 * What was said in a thread before, as background of its next task: a summary of what is old, then the latest turns,
 * each a line of JSON with who said it and whether that sender was verified.
 *
 * When the turns outgrow their room, a model sums the older ones up, once for many turns. Where none can, they are
 * left out and it is said how to find them. Never: takes anything from the thread of another principal.
 */
import type { Section } from "../../agent/background.ts";
import { addUsage, noUsage } from "../../agent/usage.ts";
import type { Summary, Turn } from "../../memory/thread-types.ts";
import { inQuotes } from "../../memory/visible.ts";
import type { ModelReply } from "../../model/types.ts";
import { reasonOf } from "../../system/errors.ts";
import type { Task } from "../../task/task.ts";
import type { ModelUsage } from "../../tools/result.ts";
import { ownerOf } from "./owner.ts";
import { summarizeTurns } from "./summary.ts";
import { lineOf } from "./turn-line.ts";
import { keepTurns } from "./turns.ts";
import type { OpenWorld } from "./world.ts";

/** Bytes of all turns that are shown, at most; less for a small window. */
const mostBytes = 8000;
const headline =
  "What was said before in this thread, oldest first: who asked, and what you answered. trust: verified where trusted people asked and you had read no words of others. `recall` with include_past searches all of it.";

export async function saidSections(
  world: OpenWorld,
  task: Task,
  signal: AbortSignal,
): Promise<Section[]> {
  const { thread } = task.request;
  if (thread === null) return [];
  keepTurns(world);
  const owner = ownerOf(world.disk, world.paths, task);
  const room = Math.min(mostBytes, Math.floor((world.agent.context ?? mostBytes * 4) / 4));
  const usage = await makeRoom(world, { owner, thread, room, task: task.id, signal });
  const { summary, turns } = world.store.threads.conversation(owner, thread);
  const shown = latest(turns, room);
  const told = [
    ...(summary === null ? [] : [summary]),
    ...turns.slice(turns.length - shown.length),
  ];
  const isStrange = told.some(({ trust }) => trust !== "verified");
  const lines = [
    ...summaryLines(summary),
    ...(shown.length < turns.length ? [leftOut(turns.length - shown.length)] : []),
    ...shown,
  ];
  const cost = usage === null ? {} : { usage };
  const section = { heading: headline, text: lines.join("\n"), ...cost };
  return lines.length === 0 ? [] : [isStrange ? { ...section, untrusted: true } : section];
}

const summaryLines = (summary: Summary | null): string[] =>
  summary === null
    ? []
    : [inQuotes({ summary_of_turns: summary.turns, trust: summary.trust, text: summary.text })];

const leftOut = (count: number): string => inQuotes({ older_turns_not_shown: count });

/** As many of the latest as have room; at least a part of the very last. */
function latest(turns: readonly Turn[], room: number): string[] {
  const each = Math.floor(room / 3);
  const shown: string[] = [];
  let left = room;
  for (const turn of [...turns].reverse()) {
    const line = lineOf(turn, each);
    left -= Buffer.byteLength(line) + 1;
    if (left < 0 && shown.length > 0) break;
    shown.unshift(line);
  }
  return shown;
}

interface Room {
  readonly owner: string;
  readonly thread: string;
  readonly room: number;
  readonly task: string;
  readonly signal: AbortSignal;
}

/** Sums up all but what fills half of the room, so that the next turns have some. What models cost, null: none was asked. */
async function makeRoom(world: OpenWorld, at: Room): Promise<ModelUsage | null> {
  const { owner, thread, room } = at;
  const { threads } = world.store;
  const { summary, turns } = threads.conversation(owner, thread);
  if (latest(turns, room).length === turns.length) return null;
  const old = turns.slice(0, turns.length - latest(turns, Math.floor(room / 2)).length);
  let cost: ModelUsage | null = null;
  const spent = ({ usage, costUsd }: ModelReply): void => {
    cost = addUsage(cost ?? noUsage, { ...usage, costUsd });
  };
  const before = summary?.text ?? null;
  try {
    const made = await summarizeTurns(world, { ...at, before, turns: old, spent });
    if (made !== null) threads.summarize(owner, thread, made.text, made.tasks);
  } catch (error) {
    world.log.warn("a thread could not be summed up", { why: reasonOf(error) });
  }
  return cost;
}
