/**
 * What is summarized, cut so that each part fits the window of the model that does it. Pure.
 *
 * Large texts lose their middle first; what is still too much is read in several parts.
 */
import type { Message } from "../../model/types.ts";
import { callNames, lineOf } from "./render.ts";
import type { CountText } from "./tokens.ts";
import { callsOf, type TokensOf, textOf } from "./turns.ts";

export interface Source {
  /** The task: the last message that stays in any case. */
  readonly task: Message;
  readonly older: readonly Message[];
  readonly tokensOf: TokensOf;
  readonly countText: CountText;
}

/** Characters of one text, most first; the next is tried when there are too many parts. */
const mostCut = 16_000;
const cuts = [mostCut, 6_000, 2_400, 1_000];
const leastCut = 400;
const wantedParts = 4;
/** JSON escapes, and what stands around a text. */
const escapes = 1.25;
const perLine = 16;
const taskChars = 4_000;
const leastChars = 200;

/** Parts of at most `room` tokens, as lines; each begins with the task. */
export function partsOf(source: Source, room: number): string[][] {
  for (const chars of cuts) {
    const parts = packed(source, room, chars);
    if (parts.length <= wantedParts) return parts;
  }
  return packed(source, room, leastCut);
}

function packed(source: Source, room: number, chars: number): string[][] {
  const names = callNames(source.older);
  const text = textOf(source.task).slice(0, Math.min(taskChars, Math.floor(room / 2)));
  const first = JSON.stringify({ task: text.toWellFormed() });
  const firstTokens = source.countText(first);
  const parts: string[][] = [];
  let part = [first];
  let used = firstTokens;
  for (const message of source.older) {
    const { line, tokens } = fitting(source, message, { names, chars, room: room - firstTokens });
    if (used + tokens > room && part.length > 1) {
      parts.push(part);
      part = [first];
      used = firstTokens;
    }
    part.push(line);
    used += tokens;
  }
  return [...parts, part];
}

interface Bounds {
  readonly names: ReadonlyMap<string, string>;
  readonly chars: number;
  readonly room: number;
}

function fitting(
  { tokensOf, countText }: Source,
  message: Message,
  { names, chars, room }: Bounds,
): { readonly line: string; readonly tokens: number } {
  // What is no result and no call is short, or a summary of all that was before.
  const first = message.role === "user" ? mostCut : chars;
  for (let limit = first; ; limit = Math.floor(limit / 2)) {
    const line = lineOf(message, names, limit);
    const isCut = longestText(message) > limit;
    // Counted once already, as long as it is whole.
    const tokens = isCut ? countText(line) : Math.ceil(tokensOf(message) * escapes) + perLine;
    if (tokens <= room || limit <= leastChars) return { line, tokens };
  }
}

const longestText = (message: Message): number =>
  Math.max(textOf(message).length, ...callsOf(message).map((call) => call.arguments.length));
