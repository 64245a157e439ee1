/** Words of a task's text, as the layers of the cascade compare them. Pure; time grows with the length and no faster. */

/** Of longer texts only the beginning is looked at. */
const maxChars = 8192;

export const wordsOf = (text: string): string[] =>
  text
    .slice(0, maxChars)
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll("’", "'")
    .match(/[\p{L}\p{N}\p{M}_]+(?:['.:/@-][\p{L}\p{N}\p{M}_]+)*|\p{Extended_Pictographic}/gu) ?? [];

const set = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** One of them turns the meaning round. */
const turning =
  set(`not no never none without except but only unless nor neither cannot don't doesn't isn't
  aren't can't won't shouldn't less more before after above below over under first last min max least most than
  nicht kein keine ohne nie nur`);

const selves = set(`i i'm i've i'd i'll me my mine myself we we're we've us our ours ourselves
  ich mich mir mein meine meinen wir uns unser unsere`);

/** It speaks of whoever sends it, so that its answer may be about that person. */
export const asksForSelf = (text: string): boolean =>
  wordsOf(text).some((word) => selves.has(word));

const isTelling = (word: string): boolean =>
  turning.has(word) || /[\p{N}/@_]/u.test(word) || word.endsWith("n't");

/** Numbers, names of files and words that turn a meaning round, in their order. */
export const tellingWords = (text: string): string[] => wordsOf(text).filter(isTelling);

/** Signs that stand for words, and whatever stands in quotes or code marks. */
const marks = (text: string): string =>
  (text.slice(0, maxChars).match(/[+*/=<>%€$£^|&!~]|"[^"]*"|`[^`]*`|„[^“”]*[“”]/gu) ?? []).join(
    " ",
  );

/** Words that may be there or not without another meaning. */
const small =
  set(`a an the of in on at to for by with and or is are was were be been do does did can could would will
  please so what which who how that this these those it its there tell give me you your my i we us
  der die das ein eine einen dem den des von im in am an zu und oder ist sind war bitte was welche wer wie`);

const fewest = 4;

/** One is a form of the other, or of the same word: `invoice`, `invoices`. */
const related = (a: string, b: string): boolean => {
  const least = Math.min(a.length, b.length);
  return least >= fewest && a.slice(0, least - 1) === b.slice(0, least - 1);
};

/** Words of `text` that stand for something and have nothing like them among `others`. */
const ownWords = (text: string, others: readonly string[]): string[] => {
  const there = new Set(others);
  return [...new Set(wordsOf(text))].filter(
    (word) => !small.has(word) && !there.has(word) && !others.some((other) => related(word, other)),
  );
};

/** Words with a capital that begin no sentence, as `wordsOf` writes them. */
const namesOf = (text: string): string[] =>
  (
    text.slice(0, maxChars).match(/(?=\p{Lu})(?<=[^\s.!?…:]\s+)\p{Lu}[\p{L}\p{M}]*/gu) ?? []
  ).flatMap(wordsOf);

/** Texts that differ in so few words are near by any measure: the words decide, not the likeness. */
const nearPair = 3;

/**
 * Two texts that a vector takes for the same may still ask for two things: another number or name, a "not", one word
 * in place of another, the same words in another order. Then they are not the same.
 */
export function sameMeaning(a: string, b: string): boolean {
  if (tellingWords(a).join(" ") !== tellingWords(b).join(" ") || marks(a) !== marks(b))
    return false;
  const [first, second] = [wordsOf(a), wordsOf(b)];
  const [inFirst, inSecond] = [new Set(first), new Set(second)];
  const common = (words: readonly string[], other: ReadonlySet<string>): string =>
    words.filter((word) => other.has(word)).join(" ");
  if (common(first, inSecond) !== common(second, inFirst)) return false;
  const [ownA, ownB] = [ownWords(a, second), ownWords(b, first)];
  const names = [...namesOf(a), ...namesOf(b)].filter((name) => !small.has(name));
  if ([...ownA, ...ownB].some((word) => names.includes(word))) return false;
  const differing = ownA.length + ownB.length;
  return differing === 0 || differing > nearPair;
}
