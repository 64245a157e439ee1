/**
 * A conversation as turns: a message of the model, and all that followed until its next. Pure.
 *
 * Cutting between turns only never parts a call from its result.
 */
import type { Message } from "../../model/types.ts";

export type TokensOf = (message: Message) => number;

/** Numbers of the messages that begin a turn, after `head`. */
export const turnStarts = (messages: readonly Message[], head: number): number[] =>
  messages.flatMap(({ role }, at) => (at >= head && role === "assistant" ? [at] : []));

export const sum = (messages: readonly Message[], tokensOf: TokensOf): number =>
  messages.reduce((all, message) => all + tokensOf(message), 0);

/**
 * Up to where older turns may be replaced: the latest turn stays, and as many before it as `keep` tokens
 * hold. `head` when there is nothing to replace.
 */
export function olderEnd(
  messages: readonly Message[],
  head: number,
  keep: number,
  tokensOf: TokensOf,
): number {
  const starts = turnStarts(messages, head);
  let end = starts.at(-1) ?? head;
  let kept = sum(messages.slice(end), tokensOf);
  for (const start of starts.slice(0, -1).reverse()) {
    kept += sum(messages.slice(start, end), tokensOf);
    if (kept > keep) break;
    end = start;
  }
  return end;
}

/** What a message says, without the calls of tools. */
export const textOf = ({ content }: Message): string =>
  typeof content === "string" ? content : content == null ? "" : JSON.stringify(content);

export interface WireCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

export const callsOf = (message: Message): WireCall[] =>
  message.role !== "assistant"
    ? []
    : (message.tool_calls ?? []).map((call) =>
        call.type === "function"
          ? { id: call.id, name: call.function.name, arguments: call.function.arguments }
          : { id: call.id, name: call.custom.name, arguments: call.custom.input },
      );
