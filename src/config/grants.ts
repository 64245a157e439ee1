/**
 * The grants of one manifest: what an agent can do, and within which bounds. Pure.
 *
 * An entry of a list is a text, or a map from that text to its bounds. `can` keeps the plain lists that
 * everybody reads, `Constraints` stands beside them. A grant holds while now < until. Never: widens what
 * was written, or takes two different bounds for one grant.
 */
import type { Broken } from "./broken.ts";
import { grantRoots, parseGrant, parseInstant, parseNetworkTarget } from "./grammar.ts";
import { toolsNamed } from "./tool-groups.ts";
import type { Agent, Constraints, ToolConstraint } from "./types.ts";

export type GrantKind = keyof Agent["can"];
type Can = Agent["can"];

export interface RawBounds {
  readonly per_minute?: number;
  readonly uses?: number;
  readonly until?: string;
}

/** `shell`, or `{shell: {uses: 3}}`: the schema lets no map through that has not one key. */
export type RawGrant = string | Readonly<Record<string, RawBounds>>;
export type RawCan = Partial<Record<GrantKind, readonly RawGrant[]>>;

interface Entry {
  readonly text: string;
  readonly bounds: RawBounds;
  readonly path: Broken["path"];
}

export const noConstraints: Constraints = { tools: {}, until: {} };

/** How `Constraints.until` names a grant, e.g. `write:/srv/con/artifacts/x`. */
export const untilKey = (kind: GrantKind, text: string): string => `${kind}:${text}`;

export function entriesOf(raw: RawCan | undefined, kind: GrantKind): Entry[] {
  return (raw?.[kind] ?? []).map((grant, index) => {
    const path = ["can", kind, index];
    if (typeof grant === "string") return { text: grant, bounds: {}, path };
    const [text = "", bounds = {}] = Object.entries(grant)[0] ?? [];
    return { text, bounds, path: [...path, text] };
  });
}

export interface Grants {
  readonly can: Can;
  readonly constraints: Constraints;
  readonly broken: readonly Broken[];
}

export function readGrants(raw: RawCan | undefined): Grants {
  const read = directories(entriesOf(raw, "read"), "read");
  const write = directories(entriesOf(raw, "write"), "write");
  const entries = {
    task: entriesOf(raw, "task"),
    read: read.entries,
    write: write.entries,
    network: entriesOf(raw, "network"),
    // Bounds of a group are of each of its tools.
    tools: entriesOf(raw, "tools").flatMap((entry) =>
      toolsNamed(entry.text).map((text) => ({ ...entry, text })),
    ),
    models: entriesOf(raw, "models"),
  };
  const texts = (kind: GrantKind): string[] => [...new Set(entries[kind].map(({ text }) => text))];
  return {
    can: {
      task: texts("task").sort(),
      read: texts("read").sort(),
      write: texts("write").sort(),
      network: texts("network").sort(),
      tools: texts("tools"),
      models: texts("models").sort(),
    },
    constraints: constraintsOf(entries),
    broken: [
      ...read.broken,
      ...write.broken,
      ...entries.network.flatMap(brokenTarget),
      ...(Object.keys(entries) as GrantKind[]).flatMap((kind) => [
        ...entries[kind].flatMap(brokenUntil),
        ...twice(entries[kind]),
      ]),
    ],
  };
}

/** Bounded by time and nothing else. */
const untilKinds = ["task", "read", "write", "network", "models"] as const;

function constraintsOf(entries: Readonly<Record<GrantKind, readonly Entry[]>>): Constraints {
  const tools = entries.tools.flatMap(({ text, bounds }) =>
    Object.keys(bounds).length === 0 ? [] : [[text, toolConstraint(bounds)] as const],
  );
  const until = untilKinds.flatMap((kind) =>
    entries[kind].flatMap(({ text, bounds }) => {
      const at = parseInstant(bounds.until ?? "");
      return at === null ? [] : [[untilKey(kind, text), at] as const];
    }),
  );
  return { tools: Object.fromEntries(tools), until: Object.fromEntries(until) };
}

const toolConstraint = (bounds: RawBounds): ToolConstraint => ({
  perMinute: bounds.per_minute ?? null,
  uses: bounds.uses ?? null,
  until: parseInstant(bounds.until ?? ""),
});

function directories(
  entries: readonly Entry[],
  kind: "read" | "write",
): { readonly entries: Entry[]; readonly broken: Broken[] } {
  const found: Entry[] = [];
  const broken: Broken[] = [];
  for (const entry of entries) {
    const grant = parseGrant(entry.text, grantRoots[kind]);
    if ("directory" in grant) found.push({ ...entry, text: grant.directory });
    else
      broken.push({
        path: entry.path,
        why: grant.why,
        remedy: `expected a directory below ${grantRoots[kind].join(" or ")}, like ${grantRoots[kind][0]}/x/**`,
      });
  }
  return { entries: found, broken };
}

const brokenTarget = ({ text, path }: Entry): Broken[] =>
  parseNetworkTarget(text) === null
    ? [
        {
          path,
          why: `${JSON.stringify(text)} is not a network target`,
          remedy: "expected HOST:PORT, ADDRESS/LEN:PORT, [IPV6/LEN]:PORT or *:PORT",
        },
      ]
    : [];

function brokenUntil({ bounds: { until }, path }: Entry): Broken[] {
  if (until === undefined || parseInstant(until) !== null) return [];
  const remedy = "expected a time with its zone, like 2027-01-31T09:00:00Z";
  return [{ path: [...path, "until"], why: `${until} is no time`, remedy }];
}

/** The same grant with two bounds: which of them was meant is not guessed. */
function twice(entries: readonly Entry[]): Broken[] {
  const first = new Map<string, string>();
  return entries.flatMap(({ text, bounds, path }) => {
    const said = JSON.stringify(bounds);
    const before = first.get(text);
    first.set(text, before ?? said);
    if (before === undefined || before === said) return [];
    return [{ path, why: `${text} is there twice, with different bounds`, remedy: "keep one" }];
  });
}

/** What still holds at `now` (epoch ms). A file of an earlier version has no constraints. */
export function inForce(can: Can, constraints: Constraints = noConstraints, now: number): Can {
  const holds = (until: number | null = null): boolean => until === null || until > now;
  const still = (kind: GrantKind): string[] =>
    // A file of an earlier version lacks the newer lists.
    (can[kind] ?? []).filter((text) => holds(constraints.until[untilKey(kind, text)]));
  return {
    task: still("task"),
    read: still("read"),
    write: still("write"),
    network: still("network"),
    tools: can.tools.filter((name) => holds(constraints.tools[name]?.until)),
    models: still("models"),
  };
}

/** Every time after `now` at which a grant ends, in order. */
export function endsAfter(constraints: Constraints = noConstraints, now: number): number[] {
  const all = [
    ...Object.values(constraints.until),
    ...Object.values(constraints.tools).flatMap(({ until }) => until ?? []),
  ];
  return [...new Set(all)].filter((at) => at > now).sort((a, b) => a - b);
}

/** Directories of read and write grants in another place: for `con dev`. */
export function withPlaces(constraints: Constraints, move: (path: string) => string): Constraints {
  const moved = Object.entries(constraints.until).map(([key, at]) => {
    const [, kind = "", text = ""] = /^(read|write):(.*)$/s.exec(key) ?? [];
    return [kind === "" ? key : untilKey(kind as GrantKind, move(text)), at] as const;
  });
  return { ...constraints, until: Object.fromEntries(moved) };
}
