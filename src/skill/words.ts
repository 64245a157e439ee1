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

/**
 * Characters that make a reviewer see something else than a model reads: controls, bidirectional overrides, and the
 * tag characters that spell text which nobody sees.
 */
const hidden =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|[\u{e0000}-\u{e007f}]/u;

/** Where such a character stands first, or null. */
export function hiddenCharacter(
  text: string,
): { readonly line: number; readonly code: string } | null {
  const found = hidden.exec(text);
  if (found === null) return null;
  const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return { line: text.slice(0, found.index).split("\n").length, code: `U+${code}` };
}
