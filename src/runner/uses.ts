/**
 * How often an agent used what it may use only so often: one small file in its state, out of reach of
 * tool children, on disk before the call that it counts, also when that call fails.
 *
 * A counter has a key, `tool:NAME`. Who gives a part of its grant away, e.g. a parent to a child that it
 * spawns, takes that part from its own counter at once (`amount`), and the child counts its part under
 * the same key of its own file: together they never use more than was granted. The same `by` counts
 * once, however often it is asked for after a crash. Never: guesses a count from a damaged file.
 * The file belongs to the agent's uid: a runner that was taken over can reset it. What the kernel, the
 * gateway and the steward enforce does not depend on it.
 */
import { type Disk, isDiskTrouble } from "../system/disk.ts";
import { readFile, replaceDurably } from "../system/durable.ts";
import { jsonOrNull } from "../system/json.ts";

export interface UseLimits {
  /** In any minute. */
  readonly perMinute: number | null;
  /** In all. */
  readonly uses: number | null;
}

export type Verdict =
  /** `total`: how often it was used in all, this use included. */
  | { readonly kind: "free"; readonly total: number }
  | { readonly kind: "rate"; readonly waitSeconds: number }
  | { readonly kind: "used_up"; readonly used: number }
  | { readonly kind: "undecided"; readonly why: string };

interface Use {
  readonly key: string;
  readonly limits: UseLimits;
  /** Epoch milliseconds. */
  readonly now: number;
  /** What uses it, unique for this agent, e.g. `TASK 3-1`. */
  readonly by: string;
  readonly amount?: number;
}

export interface Uses {
  /** What `take` would say; counts nothing. */
  readonly look: (use: Use) => Verdict;
  /** Counts, or says why not. */
  readonly take: (use: Use) => Verdict;
}

interface Counter {
  readonly total: number;
  /** Times of the last minute, oldest first. */
  readonly recent: readonly number[];
}

interface Book {
  readonly version: 1;
  readonly counters: Readonly<Record<string, Counter>>;
  /** What was counted last: `KEY BY`. */
  readonly counted: readonly string[];
}

const minuteMs = 60_000;
/** More calls than one turn of a model can have before the first of them is on disk. */
const rememberedCounts = 256;
const maxBytes = 4 << 20;
const empty: Book = { version: 1, counters: {}, counted: [] };

export function openUses(disk: Disk, path: string): Uses {
  const judged = (use: Use, write: boolean): Verdict => {
    try {
      const book = read(disk, path);
      if (book === null) return { kind: "undecided", why: `${path} is damaged` };
      const counter = book.counters[use.key];
      if (book.counted.includes(`${use.key} ${use.by}`)) return free(counter);
      const verdict = judge(counter, use);
      if (verdict !== null) return verdict;
      const after = counted(book, use);
      if (write) replaceDurably(disk, path, Buffer.from(`${JSON.stringify(after)}\n`), 0o600);
      return free(after.counters[use.key]);
    } catch (error) {
      if (!isDiskTrouble(error)) throw error;
      return { kind: "undecided", why: (error as Error).message };
    }
  };
  return { look: (use) => judged(use, false), take: (use) => judged(use, true) };
}

/** Null for a file that is not ours. */
function read(disk: Disk, path: string): Book | null {
  const bytes = readFile(disk, path, maxBytes);
  if (bytes === null) return empty;
  const value = jsonOrNull(bytes) as Partial<Book> | null;
  return isBook(value) ? value : null;
}

function isBook(value: Partial<Book> | null): value is Book {
  if (value?.version !== 1 || !Array.isArray(value.counted)) return false;
  if (typeof value.counters !== "object" || value.counters === null) return false;
  return Object.values(value.counters).every(
    (counter: Partial<Counter> | null) =>
      Number.isSafeInteger(counter?.total) &&
      Array.isArray(counter?.recent) &&
      counter.recent.every((at) => Number.isFinite(at)),
  );
}

const free = (counter: Counter | undefined): Verdict => ({
  kind: "free",
  total: counter?.total ?? 0,
});

/** Null when it may be counted. Pure. */
function judge(counter: Counter | undefined, { limits, now, amount = 1 }: Use): Verdict | null {
  const { total = 0 } = counter ?? {};
  if (limits.uses !== null && total + amount > limits.uses) return { kind: "used_up", used: total };
  const recent = recentOf(counter, now);
  const { perMinute } = limits;
  if (perMinute === null || recent.length + amount <= perMinute) return null;
  const freeing = recent[recent.length + amount - perMinute - 1] ?? now;
  return { kind: "rate", waitSeconds: Math.max(1, Math.ceil((freeing + minuteMs - now) / 1000)) };
}

/** A clock that was set back leaves times of the future: those far from now are of another time. */
const recentOf = (counter: Counter | undefined, now: number): number[] =>
  (counter?.recent ?? []).filter((at) => at > now - minuteMs && at <= now + minuteMs);

function counted(book: Book, { key, by, now, limits, amount = 1 }: Use): Book {
  const before = book.counters[key];
  const counter: Counter = {
    total: (before?.total ?? 0) + amount,
    recent:
      limits.perMinute === null
        ? []
        : [...recentOf(before, now), ...Array.from({ length: amount }, () => now)],
  };
  return {
    version: 1,
    counters: { ...book.counters, [key]: counter },
    counted: [...book.counted, `${key} ${by}`].slice(-rememberedCounts),
  };
}
