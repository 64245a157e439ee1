/**
 * Whether the condition of an approval rule holds for one call: its arguments against patterns. Pure.
 *
 * It narrows who is asked and protects nothing by itself. Never: takes a call that cannot be judged for one
 * that nobody has to see: an argument that is absent, or no plain value, counts as matching.
 *
 * A pattern: `*` stands for any run of characters, also none, `/` among them; every other character for
 * itself; the whole argument must match. Of a path what is matched is the path itself and not its spelling.
 */
import { posix } from "node:path";
import { toolCovers } from "./tool-groups.ts";
import type { ApprovalRule, Condition } from "./types.ts";

export type When = NonNullable<ApprovalRule["when"]>;

/** What an argument names that is a path. */
export interface PathArgument {
  /** Absolute, without `.`, `..` and `//`: as it was asked for, and where it really is. */
  readonly places: readonly string[];
  /** The call goes on to all that lies below. */
  readonly below: boolean;
  /** Where relative paths begin. */
  readonly base: string;
}

/** What an argument means to its tool; null: no path, `unclear`: nobody can tell which one. */
export type ReadPath = (name: string, text: string) => PathArgument | "unclear" | null;

export interface CallArguments {
  readonly args: Readonly<Record<string, unknown>>;
  readonly readPath?: ReadPath;
}

/** All that of `rules` which concerns a call of `tool`: most people, least time; null = nobody is asked. */
export function ruleFor(
  rules: readonly ApprovalRule[],
  tool: string,
  call: CallArguments,
): Omit<ApprovalRule, "when"> | null {
  const found = rules.filter((rule) => toolCovers(rule.tool, tool) && applies(rule, call));
  if (found.length === 0) return null;
  return {
    tool,
    approvers: Math.max(...found.map(({ approvers }) => approvers)),
    expirySeconds: Math.min(...found.map(({ expirySeconds }) => expirySeconds)),
  };
}

export const applies = ({ when = {} }: ApprovalRule, { args, readPath }: CallArguments): boolean =>
  Object.entries(when).every(([name, condition]) => {
    const value = Object.hasOwn(args, name) ? args[name] : undefined;
    return "above" in condition
      ? isAbove(condition.above, value)
      : matchesAny(condition.globs, name, value, readPath);
  });

const isAbove = (least: number, value: unknown): boolean =>
  typeof value !== "number" || Number.isNaN(value) || value > least;

function matchesAny(
  globs: readonly string[],
  name: string,
  value: unknown,
  readPath: ReadPath = () => null,
): boolean {
  if (typeof value === "number" || typeof value === "boolean")
    return globs.some((glob) => matches(glob, String(value)));
  if (typeof value !== "string") return true;
  const path = readPath(name, value);
  if (path === "unclear") return true;
  if (path === null) return globs.some((glob) => matches(glob, value));
  return globs.some((glob) => matchesPath(rooted(glob, path.base), path));
}

/** A pattern that begins with a name begins in the same place as such a path. */
const rooted = (glob: string, base: string): string =>
  glob.startsWith("*") ? glob : posix.resolve(base, glob);

/** `/a/**` covers `/a` too, as in a grant. */
const matchesPath = (glob: string, { places, below }: PathArgument): boolean =>
  places.some((place) => {
    const inside = place === "/" ? place : `${place}/`;
    return matches(glob, place) || matches(glob, inside) || (below && reachesInto(glob, inside));
  });

/** Whether something that begins with `start` can match. */
function reachesInto(glob: string, start: string): boolean {
  const star = glob.indexOf("*");
  const head = star < 0 ? glob : glob.slice(0, star);
  return head.startsWith(start) || (star >= 0 && start.startsWith(head));
}

export function matches(glob: string, text: string): boolean {
  const parts = glob.split("*");
  const first = parts[0] ?? "";
  if (parts.length === 1) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = parts.at(-1) ?? "";
  return text.length - at >= last.length && text.endsWith(last);
}

/** At least as many calls as `narrow` covers; as far as can be told without reading patterns. */
export const isAsWide = (wide: When | undefined, narrow: When | undefined): boolean =>
  wide === undefined || (narrow !== undefined && canonical(wide) === canonical(narrow));

const canonical = (when: When): string =>
  JSON.stringify(Object.entries(when).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The same rule with its absolute patterns elsewhere. */
export const withPatterns = (
  rule: ApprovalRule,
  move: (pattern: string) => string,
): ApprovalRule =>
  rule.when === undefined
    ? rule
    : { ...rule, when: mapConditions(rule.when, (condition) => moved(condition, move)) };

const mapConditions = (when: When, change: (condition: Condition) => Condition): When =>
  Object.fromEntries(Object.entries(when).map(([name, one]) => [name, change(one)]));

const moved = (condition: Condition, move: (pattern: string) => string): Condition =>
  "above" in condition ? condition : { globs: condition.globs.map(move) };
