/**
 * Matches paths against patterns: `*` and `?` within a name, `**` over names. Pure.
 *
 * Not a regular expression, so no pattern of a model can make it run for ever: the work is bounded
 * by the product of the lengths.
 */

/** A pattern without `/` is matched against the last name alone, as people expect of `*.ts`. */
export function matchesGlob(pattern: string, path: string): boolean {
  const names = path.split("/");
  if (!pattern.includes("/")) return matchesName(pattern, names.at(-1) ?? "");
  return matchAll(pattern.split("/"), names, matchesName, "**");
}

const matchesName = (pattern: string, name: string): boolean =>
  matchAll([...pattern], [...name], (p, c) => p === "?" || p === c, "*");

/** Greedy match with one point of return: the latest `many` may take one item more. */
function matchAll(
  pattern: readonly string[],
  items: readonly string[],
  matches: (part: string, item: string) => boolean,
  many: string,
): boolean {
  let p = 0;
  let i = 0;
  let star = -1;
  let retry = 0;
  while (i < items.length) {
    const part = pattern[p];
    if (part === many) {
      star = p;
      retry = i;
      p += 1;
    } else if (part !== undefined && matches(part, items[i] ?? "")) {
      p += 1;
      i += 1;
    } else if (star >= 0) {
      p = star + 1;
      retry += 1;
      i = retry;
    } else return false;
  }
  while (pattern[p] === many) p += 1;
  return p === pattern.length;
}
