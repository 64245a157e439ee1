/**
 * Has a model read texts of any length in full: in parts that fit its window, each into notes, the notes
 * together into one answer.
 *
 * Never: leaves out a part without saying so; goes on after a rule said no. What does not fit all the same is
 * halved. The notes of one part are at most a quarter of a question, so they come to an end.
 */
import { cutMiddle } from "../../sandbox/output.ts";
import type { ModelAnswer, QuestionMessage } from "../desks.ts";
import { halfOf, type Part, packed, piecesOf, roomFor, split } from "./parts.ts";
import { type Asking, questionOf } from "./question.ts";

export interface Reading {
  readonly alias: string;
  /** What to look for, in the words of the agent. */
  readonly instruction: string;
  readonly parts: readonly Part[];
  /** Asks for the answer, with texts or notes that fit one question. */
  readonly finish: (parts: readonly Part[], isWhole: boolean) => Promise<ModelAnswer>;
}

type Failure = Extract<ModelAnswer, { ok: false }>;

const noteTaker =
  "You read for an agent that cannot read all of this itself. You get one portion of a larger whole, and what " +
  "to look for. Write notes on everything in this portion that bears on it, wherever it stands: exact names, " +
  "paths, numbers, dates and messages, quoted where the wording matters, each with its source. What contradicts " +
  "itself, note both. When there is nothing, say so in one line. Plain text, no preamble, no code.";

export async function readThrough(context: Asking, reading: Reading): Promise<ModelAnswer> {
  let parts = reading.parts;
  let isWhole = true;
  const { windows } = context.models;
  let room: number | null = roomFor(windows[reading.alias] ?? null);
  for (let round = 0; round < mostRounds; round += 1) {
    const packs = packed(split(parts, room), room);
    const [first] = packs;
    if (packs.length <= 1) {
      const answer = await reading.finish(first ?? [], isWhole);
      const half: number | null = halfOf(room);
      if (answer.ok || answer.kind !== "too_long" || half === null) return answer;
      room = half;
      continue;
    }
    const notes = await noteAll(context, reading, { packs, room });
    if (!Array.isArray(notes)) return notes;
    parts = notes;
    isWhole = false;
  }
  return { ok: false, kind: "failed", why: "notes on it do not get shorter", usage: noUsage };
}

/** Notes take a third of what they are on, or less; more rounds are a model that does not obey. */
const mostRounds = 16;
const noUsage = { input: 0, output: 0, costUsd: 0 };
const atOnce = 4;
const mostFailures = 3;

interface Round {
  readonly packs: readonly (readonly Part[])[];
  readonly room: number;
}

/** Notes in the order of the packs, or why there are none. */
async function noteAll(
  context: Asking,
  reading: Reading,
  { packs, room }: Round,
): Promise<Part[] | Failure> {
  const notes: Part[][] = packs.map(() => []);
  const failures: Failure[] = [];
  let read = 0;
  let next = 0;
  const isOver = (): boolean =>
    failures.some(({ kind }) => ends.has(kind)) || (read === 0 && failures.length >= mostFailures);
  const work = async (): Promise<void> => {
    for (let at = next++; at < packs.length && !isOver(); at = next++) {
      const found = await note(context, reading, packs[at] ?? [], room);
      if (Array.isArray(found)) read += 1;
      else failures.push(found);
      notes[at] = Array.isArray(found) ? found : [unread(packs[at] ?? [], found)];
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const end = failures.find(({ kind }) => ends.has(kind)) ?? (read === 0 ? failures[0] : undefined);
  return end ?? notes.flat();
}

const mostTitle = 200;

/** After these nothing more is asked. */
const ends: ReadonlySet<Failure["kind"]> = new Set(["denied", "stopped", "unable"]);

const titlesOf = (parts: readonly Part[]): string => parts.map(({ title }) => title).join("; ");

const unread = (parts: readonly Part[], { why }: Failure): Part => ({
  title: `not read: ${titlesOf(parts)}`,
  text: `This portion could not be read (${why}). Say in your answer that it is missing.`,
});

async function note(
  context: Asking,
  reading: Reading,
  parts: readonly Part[],
  room: number,
): Promise<Part[] | Failure> {
  const most = Math.floor(room / 4) - 500;
  const words = Math.max(50, Math.floor(most / 10));
  const order = `What to look for:\n${reading.instruction}\n\nThe portion follows. At most ${words} words.`;
  const messages: QuestionMessage[] = questionOf(noteTaker, order, parts);
  const answer = await context.ask({ alias: reading.alias, messages }, context.signal);
  if (answer.ok) {
    const short = cutMiddle(answer.text, Math.max(400, Math.floor(most / 3)), "notes cut here");
    const text = Buffer.byteLength(answer.text) <= most ? answer.text : short;
    return [{ title: `notes on ${titlesOf(parts).slice(0, mostTitle)}`, text }];
  }
  const half = halfOf(room);
  const halves = answer.kind === "too_long" && half !== null ? halved(parts) : null;
  if (halves === null || half === null) return answer;
  const both: Part[] = [];
  for (const part of halves) {
    const found = await note(context, reading, part, half);
    if (!Array.isArray(found)) return found;
    both.push(...found);
  }
  return both;
}

function halved(parts: readonly Part[]): (readonly Part[])[] | null {
  if (parts.length > 1) {
    const middle = Math.ceil(parts.length / 2);
    return [parts.slice(0, middle), parts.slice(middle)];
  }
  const [only] = parts;
  if (only === undefined) return null;
  const pieces = piecesOf(only.text, Math.ceil(Buffer.byteLength(only.text) / 2) + 4);
  return pieces.length < 2 ? null : pieces.map((text) => [{ ...only, text }]);
}
