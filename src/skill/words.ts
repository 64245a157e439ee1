/** Texts of skills made harmless for where they stand. Pure. */

/** Controls, line ends, what nobody sees, and what frames and Markdown are made of. */
const odd = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}<>`#*|[\]{}]+|\s+/gu;

/** One line that is nothing but words. */
export const plainLine = (text: string): string =>
  text.toWellFormed().replace(odd, " ").replace(/ +/g, " ").trim();

/** At most `chars` of it. */
export const beginning = (line: string, chars: number): string =>
  line.length <= chars
    ? line
    : `${line
        .slice(0, chars - 1)
        .trimEnd()
        .toWellFormed()}…`;
