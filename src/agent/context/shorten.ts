/**
 * Makes a conversation fit without a model: shortens the oldest results of tools, then drops the oldest turns
 * behind a list of what was done, then shortens the latest turn. Pure but for `keep`.
 *
 * Whatever the messages are, what comes back fits `limit`, unless the fixed part alone does not. Never: parts a
 * call from its result, or leaves arguments behind that are no JSON.
 */
import type { Message } from "../../model/types.ts";
import { doneText } from "./done.ts";
import type { Compaction } from "./lines.ts";
import { headAndTail } from "./render.ts";
import type { CountText } from "./tokens.ts";
import { callsOf, sum, type TokensOf, textOf, turnStarts } from "./turns.ts";

export interface ToShorten {
  readonly messages: readonly Message[];
  readonly head: number;
  /** Tokens of what is there in any case, the head included. */
  readonly fixed: number;
  /** What it shall come to, and what it must not be above. */
  readonly target: number;
  readonly limit: number;
  readonly tokensOf: TokensOf;
  readonly countText: CountText;
  readonly nonce: string;
  /** Keeps the whole text of message `at`; returns where it can be read, in words. */
  readonly keep: (at: number, text: string) => string;
}

export type Shortened = Pick<Compaction, "from" | "to" | "text" | "edits">;

/** A result that is shortened keeps so many characters; one that is cut by less is left alone. */
const shortChars = 400;
const markChars = 200;
/** In the latest turn, from the longest to the shortest. */
const longestCut = 1 << 16;
const leastChars = 50;

/** Messages as they become, and what they come to. */
interface Draft {
  readonly given: ToShorten;
  readonly messages: Message[];
  readonly edits: Map<number, Message>;
  readonly places: Map<number, string>;
  total: number;
}

export function shortened(given: ToShorten): Shortened {
  const { messages, head, fixed, target, limit, tokensOf } = given;
  const total = fixed + sum(messages.slice(head), tokensOf);
  const draft: Draft = {
    given,
    messages: [...messages],
    edits: new Map(),
    places: new Map(),
    total,
  };
  const starts = turnStarts(messages, head);
  const latest = starts.at(-1) ?? head;
  shortenResults(draft, latest);
  if (draft.total <= target) return dropped(draft, head, 0);
  const listRoom = Math.floor(Math.min(limit / 10, (limit - fixed) / 2));
  const after = (end: number): number =>
    draft.total - sum(draft.messages.slice(head, end), tokensOf) + (end > head ? listRoom : 0);
  const enough = starts.find((end) => after(end) <= target);
  if (enough !== undefined) return dropped(draft, enough, listRoom);
  for (let chars = longestCut; chars >= leastChars && after(latest) > limit; chars >>= 1)
    for (let at = latest; at < messages.length; at += 1) cut(draft, at, chars);
  // More calls in one turn than fit, each of them short: nothing of it can stay.
  return dropped(draft, after(latest) <= limit ? latest : messages.length, listRoom);
}

/** Oldest first, until it is enough. */
function shortenResults(draft: Draft, end: number): void {
  const { head, target } = draft.given;
  for (let at = head; at < end && draft.total > target; at += 1)
    if (draft.messages[at]?.role === "tool") cut(draft, at, shortChars);
}

function cut(draft: Draft, at: number, chars: number): void {
  const { given, places, edits, messages } = draft;
  const [whole, before] = [given.messages[at], messages[at]];
  if (whole === undefined || before === undefined) return;
  const text = textOf(whole);
  const isLong = text.length > chars + markChars;
  if (isLong && !places.has(at)) places.set(at, given.keep(at, text));
  const mark = `\n[shortened: ${text.length} characters; the whole is in ${places.get(at)}]\n`;
  const calls = withShortCalls(whole, chars);
  if (!isLong && calls === whole) return;
  const content = isLong ? { content: headAndTail(text, chars, () => mark) } : {};
  const message = { ...calls, ...content } as Message;
  messages[at] = message;
  edits.set(at, message);
  draft.total += given.tokensOf(message) - given.tokensOf(before);
}

/** The arguments of calls stay JSON. */
function withShortCalls(message: Message, chars: number): Message {
  const isLong = (raw: string): boolean => raw.length > chars + markChars;
  if (message.role !== "assistant" || !callsOf(message).some((call) => isLong(call.arguments)))
    return message;
  const calls = message.tool_calls?.map((call) => {
    if (call.type !== "function" || !isLong(call.function.arguments)) return call;
    const mark = (left: number): string => ` [… ${left} characters left out …] `;
    const short = { shortened: headAndTail(call.function.arguments, chars, mark) };
    return { ...call, function: { ...call.function, arguments: JSON.stringify(short) } };
  });
  return { ...message, ...(calls === undefined ? {} : { tool_calls: calls }) };
}

/** All before `end`, the head excepted, becomes a list. */
function dropped({ given, edits }: Draft, end: number, listRoom: number): Shortened {
  const { messages, head, countText, nonce } = given;
  const text =
    end === head ? null : doneText(messages.slice(head, end), { room: listRoom, countText, nonce });
  const left = [...edits].filter(([at]) => at >= end);
  return { from: head, to: end, text, edits: left.map(([at, message]) => ({ at, message })) };
}
