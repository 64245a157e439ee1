/**
 * Measures requests. Each message is counted once, and so are the tools; what a provider reports corrects
 * the count.
 *
 * Never: loads the tokenizer while the number of bytes shows that there is room. One meter lives as long as
 * an attempt; a new one counts anew, and differs in nothing but that.
 */
import type { Message, ToolSpec } from "../../model/types.ts";
import type { CountText, LoadCounter } from "./tokens.ts";
import { callsOf, sum, type TokensOf, textOf } from "./turns.ts";
import { isNear, type Measure, nearShare, roomOf, type Window } from "./window.ts";

export interface Meter {
  readonly measure: (
    messages: readonly Message[],
    /** How many of them are there in any case, and what a provider is known to take. */
    known: { readonly head: number; readonly learned: number | null },
    /** Count, whatever the bytes say. */
    exactly?: boolean,
  ) => Promise<Measure>;
  /** After an exact measure only. */
  readonly tokensOf: TokensOf;
  readonly countText: CountText;
  /** What the provider says that the request had which was measured last. */
  readonly heard: (inputTokens: number) => void;
  /** The share in percent that the model is to be told once, or null. */
  readonly warning: () => number | null;
}

/** Around the content of one message, and of one call. */
const perMessage = 4;
const perCall = 12;
/** The last message, with the time and perhaps a warning. */
const perTail = 120;
/** Root wrote the tools and the system message: plain words, of two bytes a token at the very least. */
const rootBytesPerToken = 2;
/** A report far off our count speaks of something else. */
const mostFactor = 1.6;

interface Counts {
  readonly bytes: WeakMap<Message, number>;
  readonly tokens: WeakMap<Message, number>;
}

export function createMeter(window: Window, specs: readonly ToolSpec[], load: LoadCounter): Meter {
  const tools = JSON.stringify(specs);
  const counts: Counts = { bytes: new WeakMap(), tokens: new WeakMap() };
  const room = roomOf(window);
  let count: CountText | null = null;
  let toolTokens = 0;
  let factor = 1;
  let last: Measure | null = null;
  let told = false;
  let percent: number | null = null;
  const counter = (): CountText => {
    if (count === null) throw new Error("nothing was measured exactly yet");
    return count;
  };
  const tokensOf: TokensOf = (message) =>
    remembered(counts.tokens, message, () => weigh(message, counter()));
  const note = (measure: Measure): Measure => {
    const near = isNear(measure);
    percent = near && !told ? Math.floor((100 * measure.tokens) / measure.limit) : null;
    told = near;
    last = measure;
    return measure;
  };
  return {
    async measure(messages, { head, learned }, exactly = false) {
      const limit = Math.min(Math.floor(room / factor), learned ?? Number.POSITIVE_INFINITY);
      const bound = boundOf(messages, counts, Buffer.byteLength(tools));
      if (!exactly && bound < nearShare * limit)
        return note({ tokens: bound, limit, fixed: 0, largest: 0, exact: false });
      if (count === null) {
        count = await load();
        toolTokens = count(tools);
      }
      const fixed = perTail + toolTokens + sum(messages.slice(0, head), tokensOf);
      const tokens = fixed + sum(messages.slice(head), tokensOf);
      return note({ tokens, limit, fixed, largest: largestOf(messages, tokensOf), exact: true });
    },
    tokensOf,
    countText: (text) => counter()(text),
    heard(inputTokens) {
      if (last?.exact !== true || inputTokens <= 0) return;
      const ratio = inputTokens / last.tokens;
      if (ratio <= mostFactor) factor = Math.max(1, ratio);
    },
    warning: () => percent,
  };
}

function remembered(
  memory: WeakMap<Message, number>,
  message: Message,
  find: () => number,
): number {
  const known = memory.get(message);
  if (known !== undefined) return known;
  const found = find();
  memory.set(message, found);
  return found;
}

const weigh = (message: Message, count: CountText): number =>
  callsOf(message).reduce(
    (all, call) => all + perCall + count(call.name) + count(call.arguments),
    perMessage + count(textOf(message)),
  );

/** Never too low: a token has a byte at least. */
const boundOf = (messages: readonly Message[], { bytes }: Counts, toolBytes: number): number =>
  messages.reduce(
    (all, message) =>
      all +
      remembered(bytes, message, () => {
        const own = weigh(message, (text) => Buffer.byteLength(text));
        return message.role === "system" ? Math.ceil(own / rootBytesPerToken) : own;
      }),
    perTail + Math.ceil(toolBytes / rootBytesPerToken),
  );

const largestOf = (messages: readonly Message[], tokensOf: TokensOf): number =>
  messages.reduce(
    (most, message) => (message.role === "tool" ? Math.max(most, tokensOf(message)) : most),
    0,
  );
