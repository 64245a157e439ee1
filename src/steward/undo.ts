/** The commands that take a change of grants back, out of a manifest's texts before and after it. Pure. */
import { parseDocument } from "yaml";
import { type GrantKey, partsOf } from "./grants.ts";
import type { GrantBounds, GrantEntry } from "./types.ts";

const options: Readonly<Record<GrantKey, string>> = {
  task: "--task",
  read: "--read",
  write: "--write",
  network: "--network",
  tools: "--tool",
  models: "--model",
};

/** Null where nothing is different. A bound that ended in the meantime is not given back. */
export function undoGrants(
  agent: string,
  before: string,
  after: string,
  now: number,
): string | null {
  const [old, fresh] = [entriesIn(before), entriesIn(after)];
  const missing = (from: readonly Entry[], other: readonly Entry[]): readonly Entry[] =>
    from.filter((entry) => !other.some((one) => keyOf(one) === keyOf(entry)));
  const given = missing(fresh, old);
  const taken = missing(old, fresh).filter(
    ({ bounds }) => bounds.until === undefined || Date.parse(bounds.until) > now,
  );
  const commands = [
    ...(given.length === 0 ? [] : [command("revoke", agent, given, {})]),
    ...byBounds(taken).map((group) => command("grant", agent, group, group[0]?.bounds ?? {})),
  ];
  return commands.length === 0 ? null : commands.join(" && ");
}

interface Entry {
  readonly key: GrantKey;
  readonly text: string;
  readonly bounds: GrantBounds;
}

const keyOf = ({ key, text, bounds }: Entry): string =>
  JSON.stringify([key, text, Object.entries(bounds).sort()]);

/** Of a manifest that held before, or holds now: its shape was checked. */
function entriesIn(text: string): Entry[] {
  const { can } = (parseDocument(text).toJS() ?? {}) as {
    readonly can?: Partial<Record<GrantKey, readonly GrantEntry[]>> | null;
  };
  return (Object.keys(options) as GrantKey[]).flatMap((key) =>
    (can?.[key] ?? []).map((entry) => ({ key, ...partsOf(entry) })),
  );
}

/** One command has one set of bounds. */
function byBounds(entries: readonly Entry[]): Entry[][] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const said = JSON.stringify(Object.entries(entry.bounds).sort());
    groups.set(said, [...(groups.get(said) ?? []), entry]);
  }
  return [...groups.values()];
}

function command(
  verb: "grant" | "revoke",
  agent: string,
  entries: readonly Entry[],
  { until, uses, per_minute: rate }: GrantBounds,
): string {
  const words = [
    ...entries.flatMap(({ key, text }) => [options[key], text]),
    ...(until === undefined ? [] : ["--until", until]),
    ...(uses === undefined ? [] : ["--uses", String(uses)]),
    ...(rate === undefined ? [] : ["--per-minute", String(rate)]),
  ];
  return ["con agent", verb, agent, ...words.map(shellWord)].join(" ");
}

/** A person copies it into a shell. */
const shellWord = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
