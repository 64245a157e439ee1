/** Trims texts of others, however they are made. Pure. */

/**
 * Without the characters at its end that each fit `one`. Not `replace(/…+$/)`: that takes time by the square of a row of
 * such characters that stands elsewhere.
 */
export function withoutAtEnd(text: string, one: RegExp): string {
  let end = text.length;
  while (end > 0 && one.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
