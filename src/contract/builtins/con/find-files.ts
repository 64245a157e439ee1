/**
 * Files of a kind in trees that agents write, by find(1): it walks by descriptors, follows no link, stays on
 * the file system, and runs apart from us, so that a million files cost us nothing but its deadline.
 *
 * One find for all where that goes well; where it does not, one for each tree, so that what is too much in one
 * of them hides nothing in another. Leaves nothing behind: a find that takes too long is killed.
 */
import { lstatSync } from "node:fs";
import type { Places } from "./places.ts";

const mostBytes = 1 << 20;
const allMs = 5_000;
/** For the trees one by one, all together. */
const eachMs = 12_000;
const atOnce = 4;
const leastMs = 200;

/** Where to look and for what, as arguments of find. */
export interface Search {
  readonly root: string;
  readonly tests: readonly string[];
}

export interface Searched {
  readonly paths: readonly string[];
  /** Why there may be more; null when that is all. */
  readonly gap: string | null;
}

/** As many answers as `each` has searches, in their order. `all` looks for all of that at once. */
export async function findFiles(
  places: Pick<Places, "exec">,
  all: readonly Search[],
  each: readonly Search[],
): Promise<readonly Searched[]> {
  const whole = await find(places, all, allMs);
  if (whole.gap === null) return shared(whole.paths, each);
  const answers: Searched[] = [];
  const limit = Math.max(leastMs, (eachMs * atOnce) / Math.max(1, each.length));
  for (let at = 0; at < each.length; at += atOnce) {
    const some = each.slice(at, at + atOnce);
    answers.push(...(await Promise.all(some.map((one) => find(places, [one], limit)))));
  }
  return answers;
}

/** Each path belongs to the innermost root around it. */
function shared(paths: readonly string[], each: readonly Search[]): Searched[] {
  const inside = new Map(each.map((one) => [one, [] as string[]]));
  const inner = [...each].sort((a, b) => b.root.length - a.root.length);
  for (const path of paths) {
    const home = inner.find(({ root }) => path === root || path.startsWith(`${root}/`));
    if (home !== undefined) inside.get(home)?.push(path);
  }
  return each.map((one) => ({ paths: inside.get(one) ?? [], gap: null }));
}

/** Roots that do not exist have no files. The searches of one find have the same tests. */
async function find(
  { exec }: Pick<Places, "exec">,
  searches: readonly Search[],
  timeoutMs: number,
): Promise<Searched> {
  const roots = searches
    .map(({ root }) => root)
    .filter((root) => lstatSync(root, { throwIfNoEntry: false }) !== undefined);
  if (roots.length === 0) return { paths: [], gap: null };
  const tests = searches[0]?.tests ?? [];
  const argv = ["find", "-P", ...roots, "-xdev", ...tests, "-printf", "%p\\0"] as const;
  const result = await exec(argv, { timeoutMs, maxBytes: mostBytes });
  // The last one may be cut.
  const paths = result.stdout.split("\0").slice(0, -1);
  return { paths, gap: gapOf(result, timeoutMs) };
}

const denial = /: (?:Permission denied|Input\/output error|Transport endpoint is not connected)$/;

function gapOf(
  { timedOut, code, stdout, stderr }: Awaited<ReturnType<Places["exec"]>>,
  timeoutMs: number,
): string | null {
  if (timedOut) return `is not looked through within ${timeoutMs / 1000} s`;
  if (code === 127) return "cannot be looked through: find(1) is not installed";
  if (Buffer.byteLength(stdout) >= mostBytes) return "has more of them than can be told";
  // What vanished meanwhile makes find end with 1; so does what it may not enter.
  const denied = stderr.split("\n").some((line) => denial.test(line));
  return denied ? "has places that cannot be looked into" : null;
}
