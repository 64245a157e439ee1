/**
 * Entries put into, or taken out of, the lists of a manifest's `can`: from its text to another text, in which
 * everything that a person wrote, comments too, stays where it is. Pure.
 *
 * To grant never takes anything away: an entry that allows as much already stays, one that allows less gets
 * the new bounds, and where neither holds nothing is guessed. Never: touches a list that other parts of the
 * file share (YAML anchors and aliases), but to take out of it an agent that is no more.
 */
import { Document, isMap, isScalar, isSeq, parseDocument, type YAMLSeq } from "yaml";
import { parseInstant } from "../config/grammar.ts";
import type { Agent } from "../config/types.ts";
import { quoted } from "./quote.ts";
import type { GrantBounds, GrantEntry, GrantLists } from "./types.ts";

export type GrantKey = keyof Agent["can"];

/** Null as text: nothing to change. */
export type Edited =
  | { readonly ok: true; readonly text: string | null }
  | { readonly ok: false; readonly why: string };

/** An entry as a manifest has it: `for` is `until` there. */
interface Wanted {
  readonly key: GrantKey;
  readonly text: string;
  readonly bounds: Omit<GrantBounds, "for">;
}

const spans: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400 };

/** `90s`, `30min`, `2h`, `7d` → milliseconds. */
function spanMs(text: string): number {
  const [, count, unit = ""] = /^(\d+)(s|min|h|d)$/.exec(text) ?? [];
  return Number(count) * (spans[unit] ?? Number.NaN) * 1000;
}

export function partsOf(entry: GrantEntry): {
  readonly text: string;
  readonly bounds: GrantBounds;
} {
  if (typeof entry === "string") return { text: entry, bounds: {} };
  const [text = "", bounds = {}] = Object.entries(entry)[0] ?? [];
  return { text, bounds };
}

function wantedOf(can: GrantLists, now: number): Wanted[] {
  return (Object.keys(can) as GrantKey[]).flatMap((key) =>
    (can[key] ?? []).map((entry) => {
      const { text, bounds } = partsOf(entry);
      const { for: span, ...rest } = bounds;
      // Whole seconds, so that people can read it.
      const end = span === undefined ? 0 : Math.ceil((now + spanMs(span)) / 1000) * 1000;
      const until = span === undefined ? {} : { until: new Date(end).toISOString() };
      return { key, text, bounds: { ...rest, ...until } };
    }),
  );
}

/** `now` (epoch ms): what ended before it allows nothing. */
export function withGrants(text: string, can: GrantLists, now: number): Edited {
  return edited(text, wantedOf(can, now), (list, wanted) => grant(list, wanted, now));
}

export const withoutGrants = (text: string, can: GrantLists): Edited =>
  edited(text, wantedOf(can, 0), revoke);

/** For the end of an agent. Null: it is not named there, or where nobody can take it out. */
export function withoutAgent(text: string, agent: string): string | null {
  const wanted: Wanted = { key: "task", text: agent, bounds: {} };
  const without = edited(text, [wanted], revoke, "shared too");
  return without.ok ? without.text : null;
}

type Act = (list: YAMLSeq, wanted: Wanted) => boolean | string;

function edited(
  text: string,
  all: readonly Wanted[],
  act: Act,
  which: "own lists" | "shared too" = "own lists",
): Edited {
  const document = parseDocument(text);
  let changed = false;
  for (const wanted of all) {
    const list = listOf(document, wanted.key, which);
    const result = typeof list === "string" ? list : act(list, wanted);
    if (typeof result === "string") return { ok: false, why: `can.${wanted.key}: ${result}` };
    changed ||= result;
  }
  return { ok: true, text: changed ? document.toString({ lineWidth: 0 }) : null };
}

/** The list of `can`, made where there is none; or why it is not to be touched. */
function listOf(
  document: ReturnType<typeof parseDocument>,
  key: GrantKey,
  which: "own lists" | "shared too",
): YAMLSeq | string {
  const isFree = (node: { readonly anchor?: string | undefined }): boolean =>
    which === "shared too" || node.anchor === undefined;
  const can = document.get("can", true);
  if (can === undefined || (isScalar(can) && can.value === null))
    document.set("can", document.createNode({}));
  const map = document.get("can", true);
  if (!isMap(map) || !isFree(map)) return sharedText;
  const list = map.get(key, true);
  if (list === undefined || (isScalar(list) && list.value === null))
    map.set(key, document.createNode([], { flow: true }));
  const found = map.get(key, true);
  return isSeq(found) && isFree(found) ? found : sharedText;
}

const sharedText = "it is written with an anchor or an alias: edit the manifest, or amend it";

/** `/a/b/**` and `/a/b` are the same grant. */
const bare = (text: string): string => text.replace(/\/\*\*$/, "");

/** An entry with bounds is a map of one key: what it is about. */
function entryOf(node: unknown): { readonly text: string; readonly bounds: GrantBounds } | null {
  if (isScalar(node)) return { text: bare(String(node.value)), bounds: {} };
  const value = isMap(node) ? (node.toJSON() as Record<string, GrantBounds>) : {};
  const [text, bounds] = Object.entries(value)[0] ?? [];
  return text === undefined ? null : { text: bare(text), bounds: bounds ?? {} };
}

const isAbout = (node: unknown, text: string): boolean => entryOf(node)?.text === bare(text);

function grant(list: YAMLSeq, { text, bounds }: Wanted, now: number): boolean | string {
  const old = list.items.map(entryOf).find((entry) => entry?.text === bare(text));
  const isOver = old?.bounds.until !== undefined && !(endOf(old.bounds) > now);
  if (old != null && !isOver) {
    if (covers(old.bounds, bounds)) return false;
    if (!covers(bounds, old.bounds))
      return `${quoted(text)} is there with other bounds, of which some are wider: revoke it first`;
  }
  const at = list.items.findIndex((node) => isAbout(node, text));
  const isBounded = Object.keys(bounds).length > 0;
  const node = new Document().createNode(isBounded ? { [text]: bounds } : text, { flow: true });
  list.items = list.items.filter((one, index) => index === at || !isAbout(one, text));
  if (at < 0) list.items.push(node);
  else list.items.splice(at, 1, node);
  return true;
}

function revoke(list: YAMLSeq, { text }: Wanted): boolean {
  const before = list.items.length;
  list.items = list.items.filter((node) => !isAbout(node, text));
  return list.items.length < before;
}

/** A time that is none counts as no end at all, so that nothing is called narrower than it is. */
const endOf = ({ until }: GrantBounds): number =>
  until === undefined ? Infinity : (parseInstant(until) ?? Infinity);

/** Whether `a` allows all that `b` does. */
const covers = (a: GrantBounds, b: GrantBounds): boolean =>
  endOf(a) >= endOf(b) &&
  (a.uses ?? Infinity) >= (b.uses ?? Infinity) &&
  (a.per_minute ?? Infinity) >= (b.per_minute ?? Infinity);

export const isBelow = (path: string, directory: string): boolean =>
  bare(path) === bare(directory) || bare(path).startsWith(`${bare(directory)}/`);

/** All that a request asks for, each in words, e.g. `can.tools shell, uses 3, for 2h`. */
export const grantWords = (can: GrantLists): string[] =>
  (Object.keys(can) as GrantKey[]).flatMap((key) =>
    (can[key] ?? []).map((entry) => {
      const { text, bounds } = partsOf(entry);
      return [`can.${key} ${text}`, ...Object.entries(bounds).map((one) => one.join(" "))].join(
        ", ",
      );
    }),
  );
