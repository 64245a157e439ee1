/** Writes every default of a schema into a file that says nothing about it. Pure. */
import type { Key } from "./keys.ts";

type Tree = Record<string, unknown>;

/** `base` with all that the keys say is put in the place of what it leaves out; their paths go to `used`. */
export function spelledOut(base: Tree, keys: readonly Key[], used: Set<string>): Tree {
  const whole = structuredClone(base);
  /** Maps that have to be written by whoever wants them. */
  const closed = new Set(
    keys.filter(({ isRequired }) => isRequired).map(({ path }) => above(path)),
  );
  for (const { path, fallback } of keys) {
    if (fallback === undefined) continue;
    const words = path.replaceAll("[]", ".[]").split(".");
    const last = words.pop() ?? "";
    for (const place of placesOf(whole, words, { closed, path: "" }))
      if (place[last] === undefined) {
        place[last] = structuredClone(fallback);
        used.add(path);
      }
  }
  return whole;
}

const above = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf(".")));

interface Way {
  readonly closed: ReadonlySet<string>;
  /** Gone already. */
  readonly path: string;
}

/** The maps that `words` lead to; one that is not there is made where it may be, what is no map is left alone. */
function placesOf(from: unknown, words: readonly string[], { closed, path }: Way): Tree[] {
  const [word, ...rest] = words;
  if (Array.isArray(from))
    return word === "[]"
      ? from.flatMap((one) => placesOf(one, rest, { closed, path: `${path}[]` }))
      : [];
  if (typeof from !== "object" || from === null || word === "[]") return [];
  const tree = from as Tree;
  if (word === undefined) return [tree];
  const way = { closed, path: path === "" ? word : `${path}.${word}` };
  if (word === "NAME") return Object.values(tree).flatMap((one) => placesOf(one, rest, way));
  const isMade = rest[0] !== "NAME" && !closed.has(way.path);
  if (tree[word] === undefined && isMade) tree[word] = {};
  return placesOf(tree[word], rest, way);
}
