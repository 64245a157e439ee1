/** Text of others as part of a line that a model or a person reads: it stays one line and hides nothing. Pure. */

/** Controls, line and paragraph separators, direction marks, what has no width, unpaired halves. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\u115f\u1160\u3164\uffa0]/gu;
/** Joins emoji and letters of several scripts; harmless inside quotes. */
const joiners = new Set(["\u200c", "\u200d"]);

const escaped = (sign: string): string =>
  joiners.has(sign)
    ? sign
    : Array.from(
        { length: sign.length },
        (_, at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, "0")}`,
      ).join("");

/** Any value as one line of JSON in which nothing is invisible; it can still be parsed. */
export const inQuotes = (value: unknown): string => JSON.stringify(value).replace(hidden, escaped);
