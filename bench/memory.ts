/**
 * The suite about memory: recall over 100,000 memories, and a store with its sync, against a bare fsync on the
 * same disk. Runs on this machine, without the container. Targets: recall p95 ≤ 50 ms, store ≤ 5 ms.
 *
 * Usage: node bench/memory.ts [MEMORIES] [DIRECTORY]. The directory decides which disk is measured.
 */
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { type MemoryStore, openMemory } from "../src/memory/memory.ts";
import { type Draft, kinds } from "../src/memory/types.ts";
import { nodeDisk } from "../src/system/disk.ts";
import { median } from "./numbers.ts";
import { type Row, table } from "./table.ts";

const searches = 300;
const stores = 300;
const batch = 500;
const principals = ["bench"];

/** mulberry32: the same memories in each run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Words as frequent as in a language (Zipf): the most frequent stand in nearly every memory. */
function writer(random: () => number): (count: number) => string {
  const signs = "abcdefghiklmnoprstuvwz";
  const word = () =>
    Array.from({ length: 3 + Math.floor(random() * 7) }, () =>
      signs.charAt(Math.floor(random() * signs.length)),
    ).join("");
  const words = Array.from({ length: 40_000 }, word);
  let sum = 0;
  const sums = words.map((_, at) => {
    sum += 1 / (at + 2.7);
    return sum;
  });
  const pick = (): string => {
    const wanted = random() * sum;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return words[low] ?? "";
  };
  return (count) => Array.from({ length: count }, pick).join(" ");
}

type Write = (count: number) => string;

const draft = (write: Write, random: () => number, at: number): Draft => ({
  principal: "bench",
  kind: kinds[at % kinds.length] ?? "fact",
  category: `category ${at % 40}`,
  title: write(5),
  text: write(20 + Math.floor(random() * 60)),
  provenance: "observed",
  source: { task: `task-${at}`, from: "bench", trust: "verified", call: "call-1" },
});

async function fill(store: MemoryStore, count: number, next: (at: number) => Draft) {
  const texts: string[] = [];
  for (let at = 0; at < count; at += batch) {
    const drafts = Array.from({ length: Math.min(batch, count - at) }, (_, n) => next(at + n));
    await store.storeAll(drafts);
    texts.push(...drafts.map(({ title, text }) => `${title} ${text}`));
  }
  return texts;
}

/** Three to eight words that stand together in some memory, a third of them in another form. */
function question(texts: readonly string[], random: () => number): string {
  const words = (texts[Math.floor(random() * texts.length)] ?? "").split(" ");
  const count = 3 + Math.floor(random() * 6);
  const from = Math.floor(random() * Math.max(1, words.length - count));
  const chosen = words.slice(from, from + count);
  return chosen.map((word) => (random() < 0.3 ? `${word}s` : word)).join(" ");
}

/** In milliseconds, each row sorted. Processor time is what a quiet machine would take. */
interface Times {
  readonly wall: readonly number[];
  readonly cpu: readonly number[];
}

async function times(count: number, act: (at: number) => unknown): Promise<Times> {
  const [wall, cpu]: [number[], number[]] = [[], []];
  for (let at = 0; at < count; at += 1) {
    const [before, began] = [process.cpuUsage(), performance.now()];
    await act(at);
    wall.push(performance.now() - began);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1000);
  }
  const sorted = (values: number[]) => values.sort((one, other) => one - other);
  return { wall: sorted(wall), cpu: sorted(cpu) };
}

const p95 = (sorted: readonly number[]): number =>
  sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN;

const both = (sorted: readonly number[]): string =>
  `${median(sorted).toFixed(1)}, p95 ${p95(sorted).toFixed(1)} ms`;

const said = ({ wall, cpu }: Times): string => `${both(wall)} (CPU ${both(cpu)})`;

/** What a commit cannot do without: the bytes of a store, appended and synced. */
async function syncFloor(directory: string): Promise<Times> {
  const fd = fs.openSync(join(directory, "floor"), "w");
  const bytes = Buffer.alloc(32_768, 1);
  const found = await times(stores, () => {
    fs.writeSync(fd, bytes);
    fs.fsyncSync(fd);
  });
  fs.closeSync(fd);
  return found;
}

export async function memoryRows(count = 100_000, parent = tmpdir()): Promise<Row[]> {
  const directory = fs.mkdtempSync(join(parent, "con-memory-"));
  const path = join(directory, "memory.db");
  const random = generator(1);
  const write = writer(random);
  const next = (at: number) => draft(write, random, at);
  try {
    const store = await openMemory({ disk: nodeDisk, path, now: Date.now });
    const texts = await fill(store, count, next);
    const rows = await measure(store, texts, random, next);
    const floor = await syncFloor(directory);
    const stored = await times(stores, (at) => store.store(next(count + at)));
    store.close();
    const ratio = (median(stored.wall) / median(floor.wall)).toFixed(2);
    const opened = await times(20, async () =>
      (await openMemory({ disk: nodeDisk, path, now: Date.now })).close(),
    );
    return [
      ...rows,
      row("floor: 32 KiB appended and synced", floor),
      { ...row(`a memory stored among ${count}, synced`, stored, "≤ 5 ms"), ratio },
      row(`the file of ${count} opened`, opened),
    ];
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

const row = (figure: string, found: Times, target = ""): Row => ({
  figure,
  measured: said(found),
  ratio: "",
  target,
});

async function measure(
  store: MemoryStore,
  texts: readonly string[],
  random: () => number,
  next: (at: number) => Draft,
): Promise<Row[]> {
  const count = texts.length;
  const ask = (filter: object) => () =>
    store.search({ principals, text: question(texts, random), ...filter });
  const frequent = next(0).text.split(" ").slice(0, 1).join(" ");
  return [
    row(`hybrid recall over ${count} memories`, await times(searches, ask({})), "p95 ≤ 50 ms"),
    row("the same, of one category of 40", await times(100, ask({ categories: ["category 7"] }))),
    row("the same, of one kind of 5", await times(100, ask({ kinds: ["fact"] }))),
    row("recall by one word", await times(50, () => store.search({ principals, text: frequent }))),
    row("index of all categories", await times(30, () => store.categories(principals))),
  ];
}

if (process.argv[1] === import.meta.filename)
  process.stdout.write(
    `${table(await memoryRows(Number(process.argv[2] ?? 100_000), process.argv[3]))}\n`,
  );
