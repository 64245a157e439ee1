/**
 * Looks for keys in one tree, in parts: a pass over all its files may take several evaluations.
 *
 * Text files are read from their start, at most 1 MiB each. One that was clean and has not changed since (ctime,
 * which nobody can set back) is not read again; one with a key stays found until it changes. What cannot be
 * looked at, or is too much, is a trouble beside what was found. Never: follows a link.
 */
import { join } from "node:path";
import { errnoOf } from "../../../system/disk.ts";
import type { HealthRuntime } from "../../types.ts";
import { milliseconds } from "./look.ts";
import { looksSecret, textual } from "./secret-kinds.ts";
import type { Meter } from "./shares.ts";
import { type Found, lookAt, type Place, type Walked, walkTree } from "./tree.ts";
import { named, type Trouble } from "./verdicts.ts";

const bounds = { depth: 24, entries: 200_000 } as const;
const mostBytes = 1 << 20;
/** Reading more than that is work for one turn. */
const turnBytes = 256n << 10n;
const mostFindings = 50;
const mostRefused = 3;
/** A pass that takes longer leaves keys unseen for too long. */
const longestPassMs = 24 * 3_600_000;
/** Other people's files by the ten thousand, made anew from a list. */
const passedOver = new Set(["node_modules", ".git", "site-packages", "__pycache__"]);
/** Times of files are those of the clock tick before. */
const slackMs = 2_000;

export interface Tree {
  readonly root: string;
  /** Whose it is; null where files tell by their owner. */
  readonly agent: string | null;
  readonly health: HealthRuntime;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

/** JSON. */
export interface TreeMemory {
  /** Files that did not change after this time were read and are clean, but for `dirty`. */
  readonly cleanBefore: number;
  readonly dirty: readonly Dirty[];
  /** A pass over all files that is not at its end: since when, and where it goes on. */
  readonly pass: { readonly began: number; readonly at: Place; readonly flawed: boolean } | null;
  /** The latest pass did not get to its end, and why. */
  readonly flaw: string | null;
}

interface Dirty {
  /** Names with a character for each byte. */
  readonly trail: readonly string[];
  readonly ctimeNs: string;
  readonly kind: string;
  readonly uid: number;
}

export interface Scanned {
  readonly memory: TreeMemory;
  readonly troubles: readonly Trouble[];
  readonly files: number;
}

const nothing: TreeMemory = { cleanBefore: 0, dirty: [], pass: null, flaw: null };

export async function scanTree(
  tree: Tree,
  memory: TreeMemory | null,
  now: number,
): Promise<Scanned> {
  const last = memory ?? nothing;
  const began = last.pass?.began ?? now - slackMs;
  const dirty = new Map(
    last.dirty.flatMap((one) => again(tree, one)).map((one) => [keyOf(one.trail), one]),
  );
  const refused: string[] = [];
  let files = 0;
  const isFull = (): boolean => dirty.size >= mostFindings;
  const visit = (found: Found): boolean => {
    const { stat, trail, entry } = found;
    if (!stat.isFile() || !textual(entry.text)) return false;
    files += 1;
    const isOld = milliseconds(stat.ctimeNs) < last.cleanBefore;
    if (isOld || dirty.has(keyOf(trail))) return false;
    const kind = secretIn(tree, found);
    if (typeof kind === "object") refused.push(kind.why);
    else if (kind !== "") dirty.set(keyOf(trail), dirtyOf(found, kind));
    return stat.size > turnBytes;
  };
  const visitor = {
    enter: (name: string) => !passedOver.has(name),
    mayGoOn: () => !isFull() && tree.meter.mayGoOn(),
    visit,
    refused: (path: string, why: string) => void refused.push(`${named(path)} ${why}`),
  };
  const walked = await walkTree(
    tree.root,
    { ...bounds, signal: tree.signal },
    visitor,
    last.pass?.at,
  );
  const flaw = flawOf(walked, refused);
  const flawed = flaw !== null || (last.pass?.flawed ?? false);
  const isWhole = walked.end === "whole" && !isFull() && !flawed;
  const next: TreeMemory = {
    cleanBefore: isWhole ? began : last.cleanBefore,
    dirty: [...dirty.values()],
    pass: walked.end === "stopped" && !isFull() ? { began, at: walked.at, flawed } : null,
    // What an earlier part or pass could not look at stands until a pass comes to its end without.
    flaw: flaw ?? (flawed || walked.end === "stopped" ? last.flaw : null),
  };
  return { memory: next, troubles: troublesOf(tree, next, now), files };
}

const keyOf = (trail: readonly string[]): string => trail.join("/");

const dirtyOf = ({ trail, stat }: Found, kind: string): Dirty => ({
  trail,
  ctimeNs: String(stat.ctimeNs),
  kind,
  uid: Number(stat.uid),
});

/** The kind of key, empty for none. */
function secretIn({ root, meter }: Tree, found: Found): string | { readonly why: string } {
  try {
    const bytes = found.look.read(found.entry, mostBytes);
    meter.spend(bytes?.length ?? 0);
    return looksSecret(bytes?.toString("latin1") ?? "") ?? "";
  } catch (error) {
    const code = errnoOf(error);
    if (code === null) throw error;
    return { why: `${named(join(root, found.path))} cannot be read (${code})` };
  }
}

/** What was found is looked at first each time, and read again when it changed. */
function again(tree: Tree, dirty: Dirty): Dirty[] {
  const name = dirty.trail.at(-1) ?? "";
  const bytes = Buffer.from(name, "latin1");
  const entry = { text: bytes.toString("utf8"), bytes };
  const looked = lookAt(tree.root, dirty.trail.slice(0, -1), (look) => {
    const stat = look.lstat(entry);
    if (stat === null) return [];
    // Without time to read it, it counts as it was.
    if (String(stat.ctimeNs) === dirty.ctimeNs || !tree.meter.mayGoOn()) return [dirty];
    const path = dirty.trail.join("/");
    const kind = secretIn(tree, { path, trail: dirty.trail, entry, stat, look });
    if (typeof kind === "object") return [dirty];
    return kind === "" ? [] : [{ ...dirty, ctimeNs: String(stat.ctimeNs), kind }];
  });
  if (looked.kind === "odd") return [dirty];
  return looked.kind === "seen" ? (looked.value ?? []) : [];
}

function flawOf(walked: Walked, refused: readonly string[]): string | null {
  if (walked.end === "too many") return `has more than ${bounds.entries} entries`;
  if (walked.end === "odd") return walked.why;
  if (refused.length === 0) return null;
  const more = refused.length > mostRefused ? ` and ${refused.length - mostRefused} more` : "";
  return `holds what cannot be looked at: ${refused.slice(0, mostRefused).join(", ")}${more}`;
}

function troublesOf(
  { root, agent, health }: Tree,
  { dirty, flaw, pass }: TreeMemory,
  now: number,
): Trouble[] {
  const whose = (uid: number | null): Pick<Trouble, "agent"> => {
    const name = agent ?? health.agents.find((one) => one.uid === uid)?.name;
    return name === undefined ? {} : { agent: name };
  };
  const found = dirty.map(({ trail, kind, uid }): Trouble => {
    const path = named(join(root, Buffer.from(trail.join("/"), "latin1").toString("utf8")));
    const remedy = "withdraw the key where it was issued, then take it out of the file";
    return {
      found: `${path} holds what looks like ${kind}`,
      key: `secret:${path}`,
      remedy,
      ...whose(uid),
    };
  });
  const remedy =
    "look what it is for, then let its agent remove what is too much or cannot be read";
  const unseen = (why: string): Trouble => ({
    found: `${named(root)} ${why}: not all was looked at`,
    key: `unseen:${named(root)}`,
    remedy,
    ...whose(null),
  });
  const isSlow = pass !== null && now - pass.began > longestPassMs;
  return [
    ...found,
    ...(flaw === null ? [] : [unseen(flaw)]),
    ...(isSlow ? [unseen("holds more text than can be read in a day")] : []),
  ];
}
