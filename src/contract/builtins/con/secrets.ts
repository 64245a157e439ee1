/**
 * `no_secrets {paths}`: does something that looks like a key lie where many can read it? A `*` in a path stands
 * for every name in that place.
 *
 * Text files are read from their start, at most 1 MiB each. One that was clean and has not changed since (ctime,
 * which nobody can set back) is not read again. What is more than one evaluation may read is read in the next,
 * from where this one stopped. Never: repeats what it found, only the file and the kind.
 */
import { join } from "node:path";
import type { BuiltinCheck, HealthRuntime } from "../../types.ts";
import { lookInto, milliseconds } from "./look.ts";
import type { Places } from "./places.ts";
import { looksSecret, textual } from "./secret-kinds.ts";
import { type Found, type Walked, walkTree } from "./tree.ts";
import { judge, listIn, pass, shown, type Trouble, unable } from "./verdicts.ts";

const bounds = { depth: 24, entries: 200_000 } as const;
const mostReads = 20_000;
const mostBytes = 1 << 20;
const mostFindings = 50;
/** Other people's files by the ten thousand, made anew from a list. */
const passedOver = new Set(["node_modules", ".git", "site-packages", "__pycache__"]);
/** Times of files are those of the clock tick before. */
const slackMs = 2_000;

interface Memory {
  readonly paths: string;
  /** Files that did not change after this time were read and are clean, but for `dirty`. */
  readonly cleanBefore: number;
  readonly dirty: readonly string[];
  /** A pass over all files that is not at its end: since when, and the file where it goes on. */
  readonly pass: { readonly began: number; readonly from: string } | null;
}

interface Scan {
  readonly last: Memory | null;
  readonly health: HealthRuntime;
  readonly troubles: Trouble[];
  readonly dirty: string[];
  /** What an earlier part of this pass did. */
  skipUntil: string | null;
  /** The first file that this evaluation has no time for. */
  stoppedAt: string | null;
  files: number;
  reads: number;
}

export const noSecrets =
  (_: Places): BuiltinCheck =>
  async (args, { health, now, memory, remember, signal }) => {
    const wanted = listIn(args, "paths");
    const scan = begin(memory as Memory | null, wanted.join("\n"), health);
    const began = scan.last?.pass?.began ?? now() - slackMs;
    for (const path of wanted.flatMap(expand)) {
      const walked = await walkTree(
        path,
        { ...bounds, signal },
        (name) => !passedOver.has(name),
        (found) => inspect(scan, path, found),
      );
      // What was found counts for more than what could not be looked at.
      if (walked !== "whole" && scan.troubles.length === 0)
        return unable(`${shown(path)} ${whyOf(walked)}: not all was looked at`);
    }
    const { stoppedAt, files, dirty } = scan;
    // The file where this part was to begin is gone: the pass begins anew.
    const lost = scan.skipUntil !== null;
    const done = stoppedAt === null && !lost;
    remember({
      paths: wanted.join("\n"),
      cleanBefore: done && dirty.length < mostFindings ? began : (scan.last?.cleanBefore ?? 0),
      dirty,
      pass: stoppedAt === null ? null : { began, from: stoppedAt },
    } satisfies Memory);
    if (scan.troubles.length > 0) return judge(scan.troubles, "");
    const rest = done ? "" : "; the rest is looked at next time";
    return pass(`nothing like a key in ${files} text files${rest}`);
  };

function begin(memory: Memory | null, paths: string, health: HealthRuntime): Scan {
  const last = memory?.paths === paths ? memory : null;
  const skipUntil = last?.pass?.from ?? null;
  return { last, health, troubles: [], dirty: [], skipUntil, stoppedAt: null, files: 0, reads: 0 };
}

const mostExpanded = 5_000;

/** Paths for a path with `*` as whole components. */
function expand(path: string): string[] {
  const star = path.split("/").indexOf("*");
  if (star < 0) return [path];
  const parts = path.split("/");
  const looked = lookInto(parts.slice(0, star).join("/") || "/", (look) =>
    look.entries(mostExpanded).list.filter((entry) => look.lstat(entry)?.isDirectory()),
  );
  const names = looked.kind === "seen" ? looked.value.map(({ text }) => text).sort() : [];
  return names.flatMap((name) =>
    expand([...parts.slice(0, star), name, ...parts.slice(star + 1)].join("/")),
  );
}

function whyOf(walked: Exclude<Walked, "whole">): string {
  if (walked === "too many") return `has more than ${bounds.entries} entries`;
  return walked === "aborted" ? "takes too long" : walked.odd;
}

function inspect(scan: Scan, root: string, { stat, entry, look, path: below }: Found): void {
  if (!stat.isFile() || !textual(entry.text)) return;
  scan.files += 1;
  const path = join(root, below);
  const wasDirty = scan.last?.dirty.includes(path) ?? false;
  if (scan.skipUntil === path) scan.skipUntil = null;
  const isOld = milliseconds(stat.ctimeNs) < (scan.last?.cleanBefore ?? 0);
  if ((scan.skipUntil !== null || isOld) && !wasDirty) return;
  if (scan.reads >= mostReads) {
    scan.stoppedAt ??= path;
    return;
  }
  if (scan.dirty.length >= mostFindings) return;
  scan.reads += 1;
  const kind = looksSecret(look.read(entry, mostBytes)?.toString("latin1") ?? "");
  if (kind === null) return;
  scan.dirty.push(path);
  const owner = scan.health.agents.find(({ uid }) => BigInt(uid) === stat.uid);
  scan.troubles.push({
    found: `${shown(path)} holds what looks like ${kind}`,
    key: `secret:${shown(path)}`,
    remedy: `take it out of ${shown(path)}, and withdraw the key where it was issued`,
    ...(owner === undefined ? {} : { agent: owner.name }),
  });
}
