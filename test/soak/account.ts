/**
 * The books of a flood: what was dropped against what is found at the end. Pure. Never: a task that counts as
 * answered because something with its name exists; it takes one record, its response, and its file where it belongs.
 */

export interface Drop {
  readonly agent: string;
  /** Begins the task's name, and so its id. */
  readonly key: string;
  readonly fate: "answer" | "refusal";
  readonly what: string;
}

/** A task that has a record, as its agent's folders have it. */
export interface Found {
  readonly agent: string;
  readonly id: string;
  readonly status: string;
  readonly from: string;
  readonly error: string | null;
  readonly hasResponse: boolean;
  /** Where its file lies. */
  readonly places: readonly string[];
  readonly receivedAt: number;
  readonly finishedAt: number;
}

export interface Books {
  readonly dropped: number;
  readonly answered: number;
  readonly refused: number;
  /** In words, each; empty where all is well. */
  readonly missing: readonly string[];
  readonly twice: readonly string[];
  readonly wrong: readonly string[];
  /** Records without a response, and files that lie nowhere or in two places. */
  readonly torn: readonly string[];
  /** Tasks that nobody of `drops` sent: of schedules, agents, hostile users. */
  readonly others: number;
}

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const keyed = /^([a-z]+\d*-\d{6})-/;

/** What the sender can know of an id: the key of a dropped file, or all of it. */
export const keyOf = (id: string): string => keyed.exec(id)?.[1] ?? uuid.exec(id)?.[0] ?? id;

const settledIn: Readonly<Record<string, readonly string[]>> = {
  done: ["processed"],
  cancelled: ["processed"],
  failed: ["failed"],
};
const refusedIn = ["corrupt", "aside"];

export function account(drops: readonly Drop[], found: readonly Found[]): Books {
  const byKey = Map.groupBy(found, ({ agent, id }) => `${agent} ${keyOf(id)}`);
  const books = { answered: 0, refused: 0, missing: [], twice: [], wrong: [] } as {
    answered: number;
    refused: number;
    missing: string[];
    twice: string[];
    wrong: string[];
  };
  const known = new Set<string>();
  for (const { agent, key, fate, what } of drops) {
    const name = `${agent} ${key}`;
    const all = byKey.get(name) ?? [];
    known.add(name);
    const [one] = all;
    const words = `${name} (${what})`;
    if (one === undefined) books.missing.push(words);
    else if (all.length > 1) books.twice.push(`${words}: ${all.map(({ id }) => id).join(" ")}`);
    else if (fate === "refusal") judgeRefusal(books, one, words);
    else if (refusedIn.some((place) => one.places.includes(place)))
      books.wrong.push(`${words}: refused: ${one.error}`);
    else books.answered += 1;
  }
  const others = found.filter(({ agent, id }) => !known.has(`${agent} ${keyOf(id)}`)).length;
  return { dropped: drops.length, ...books, torn: found.flatMap(tornIn), others };
}

function judgeRefusal(
  books: { refused: number; wrong: string[] },
  one: Found,
  words: string,
): void {
  const isRefused = one.status === "failed" && one.error !== null;
  if (isRefused && one.places.some((place) => refusedIn.includes(place))) books.refused += 1;
  else books.wrong.push(`${words}: ${one.status}, in ${one.places.join(" ") || "no place"}`);
}

function tornIn({ agent, id, status, hasResponse, places }: Found): string[] {
  const words = `${agent} ${id}`;
  if (!hasResponse) return [`${words}: a record without a response`];
  const wanted = [...(settledIn[status] ?? []), ...(status === "failed" ? refusedIn : [])];
  const [place] = places;
  if (places.length === 1 && place !== undefined && wanted.includes(place)) return [];
  return [`${words}: ${status}, its file in ${places.join(" and ") || "no place"}`];
}
