/**
 * Whether people see what a model reads: one rule for skills, proposals and tools that are shared. Pure.
 *
 * Never: repairs; whoever asks refuses the text. Not here: letters that look like others, which are seen.
 */

/** Where these stand they are seen: scripts that join letters, and signs that are drawn as one emoji. */
const seen = [
  /(?<=(?![\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hani}])[\p{L}\p{M}])[\u200c\u200d](?=(?![\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hani}])\p{L})/gu,
  /(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)\u200d(?=\p{Extended_Pictographic})/gu,
  /(?<=\p{Emoji})[\ufe0e\ufe0f]/gu,
];
/** Controls but tab and line end, what nobody sees, reorders or is assigned to nothing. */
const hidden =
  /(?![\t\n])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]/u;

/** Where such a character stands first, or null. */
export function hiddenCharacter(
  text: string,
): { readonly line: number; readonly code: string } | null {
  const rest = seen.reduce((left, one) => left.replace(one, ""), text);
  const found = hidden.exec(rest);
  if (found === null) return null;
  const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  // What was taken out holds no line end.
  return { line: rest.slice(0, found.index).split("\n").length, code: `U+${code}` };
}
