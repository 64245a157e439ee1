/**
 * Counts tokens with o200k_base, offline. Other providers' vocabularies differ by some percent; the meter
 * learns by how much (meter.ts).
 *
 * The vocabulary takes about 150 ms and 60 MiB, so it is loaded when it is needed first, by nothing on the
 * way of a short task. Never: throws for any text, special tokens included, which count as the text they
 * are; takes more than linear time.
 */

export type CountText = (text: string) => number;
export type LoadCounter = () => Promise<CountText>;

/**
 * The tokenizer takes quadratic time for one long word. Its words are runs of letters, of signs or of
 * spaces; longer ones are cut here, which makes a count higher by one token a cut at most.
 */
const longRun = /([\p{L}\p{M}]{100}|[^\s\p{L}\p{N}]{100}|\s{100})/u;

/** Beyond it the number of bytes stands in, which is never too low. */
const exactChars = 1 << 18;

/** Words whose tokens are remembered. */
const cachedWords = 20_000;

export const loadCounter: LoadCounter = async () => {
  const { countTokens, setMergeCacheSize } = await import("gpt-tokenizer/encoding/o200k_base");
  setMergeCacheSize(cachedWords);
  const asText = { disallowedSpecial: new Set<string>() };
  return (text) => {
    if (text.length > exactChars) return Buffer.byteLength(text);
    let count = 0;
    for (const part of text.toWellFormed().split(longRun)) count += countTokens(part, asText);
    return count;
  };
};
