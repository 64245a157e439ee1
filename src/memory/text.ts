/**
 * Text on its way into the store, and the words by which it is found. Pure.
 *
 * The same function makes the words of a memory and of a query, and SQLite's tokenizer only splits at the
 * spaces between them: so a query is never FTS syntax, whatever was typed, and a word is found the way it was
 * indexed. Never: loses a letter of what is stored, except NUL and lone surrogates, which no text column holds.
 */

/** Well-formed Unicode without NUL: what SQLite gives back byte by byte. */
export const clean = (text: string): string => text.toWellFormed().replaceAll("\0", "\ufffd");

/** From the letter on: looking back from each mark takes a minute for a text of only marks. */
const marked = /([\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Arabic}\p{sc=Hebrew}])\p{Mn}+/gu;

/** Lower case, compatibility forms, no accents in alphabets that are read without them. */
export const fold = (text: string): string =>
  text.normalize("NFKD").replace(marked, "$1").normalize("NFKC").toLowerCase();

/** One form for names that people take as the same; unlike a file name it loses nothing. */
export const key = (text: string): string =>
  text.normalize("NFC").toLowerCase().replace(/\s+/gu, " ").trim();

/** Scripts written without spaces: a word is any two neighbours. */
const unspaced =
  "\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\u30fc\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}";
const piece = new RegExp(
  `(?<unspaced>[${unspaced}]+)|(?<word>(?:(?![${unspaced}])[\\p{L}\\p{N}\\p{M}_])+)|(?<sign>\\p{Extended_Pictographic}|\\p{Regional_Indicator}{2})`,
  "gu",
);
/** Where a name like `parseHTTPReply2` or `max_size` falls apart. */
const parts = /\p{Lu}+(?![\p{Ll}])|\p{Lu}?[\p{Ll}\p{Lo}\p{M}]+|\p{N}+/gu;

/** Longer ones are keys and hashes; their head is enough to find them. */
const maxWord = 64;

/** All words of `text` in order and repeated, as they are indexed. */
export const words = (text: string): string[] => split(text, pairsAndSigns);

/** The words of a query: where signs stand side by side, one alone says too little. */
export const queryWords = (text: string): string[] => split(text, pairsOrSign);

function split(text: string, unspacedWords: (run: string) => string[]): string[] {
  const found: string[] = [];
  for (const { groups = {} } of text.normalize("NFC").matchAll(piece)) {
    if (groups["unspaced"] !== undefined) found.push(...unspacedWords(fold(groups["unspaced"])));
    else if (groups["word"] !== undefined) named(groups["word"], found);
    else if (groups["sign"] !== undefined) found.push(groups["sign"]);
  }
  return found;
}

function pairs(signs: readonly string[]): string[] {
  return signs.slice(1).map((sign, at) => `${signs[at]}${sign}`);
}

function pairsAndSigns(run: string): string[] {
  const signs = [...run];
  return [...signs, ...pairs(signs)];
}

function pairsOrSign(run: string): string[] {
  const signs = [...run];
  return signs.length < 2 ? signs : pairs(signs);
}

/** The name as a whole and, where it has some, its parts. */
function named(name: string, into: string[]): void {
  const whole = fold(name.replaceAll("_", "")).slice(0, maxWord);
  if (whole !== "") into.push(whole.toWellFormed());
  if (!/_|\p{Ll}\p{Lu}|\p{Lu}\p{Lu}\p{Ll}|\p{L}\p{N}|\p{N}\p{L}/u.test(name)) return;
  const split = name.match(parts) ?? [];
  if (split.length < 2) return;
  for (const part of split) into.push(fold(part).slice(0, maxWord).toWellFormed());
}
