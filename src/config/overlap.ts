/**
 * What two lists of grants have in common, each with the moment at which it ends. Pure.
 *
 * The narrower of two stands for both; `*` stands for whatever the other list has. Never: gives what only one of
 * them has, or for longer than the one that ends.
 */
import { parseNetworkTarget } from "./grammar.ts";
import { type GrantKind, untilKey } from "./grants.ts";
import type { Agent, Constraints } from "./types.ts";

/** One grant and its end in epoch milliseconds; Infinity = none. */
export interface Part {
  readonly text: string;
  readonly until: number;
}

/** The narrower of two entries of a list, or null where they have nothing in common. */
export type Narrower = (held: string, wanted: string) => string | null;

export const sameName: Narrower = (held, wanted) => (held === wanted ? held : null);

export const innerDirectory: Narrower = (held, wanted) => {
  if (covers(held, wanted)) return wanted;
  return covers(wanted, held) ? held : null;
};

export const covers = (outer: string, inner: string): boolean =>
  outer === inner || inner.startsWith(`${outer}/`);

/** The same host and port in another spelling is the same; `*:443` has every host. */
export const narrowerTarget: Narrower = (held, wanted) => {
  const [a, b] = [parseNetworkTarget(held), parseNetworkTarget(wanted)];
  if (a === null || b === null || a.port !== b.port) return null;
  if (a.kind === b.kind && a.host === b.host) return held;
  if (a.kind === "any") return wanted;
  return b.kind === "any" ? held : null;
};

export function partsOf(can: Agent["can"], { until, tools }: Constraints, kind: GrantKind): Part[] {
  const endOf = (text: string): number | null | undefined =>
    kind === "tools" ? tools[text]?.until : until[untilKey(kind, text)];
  return can[kind].map((text) => ({ text, until: endOf(text) ?? Infinity }));
}

/** Of `parts` what `wanted` leaves; an absent list leaves all. */
export function narrow(
  parts: readonly Part[],
  wanted: readonly string[] | undefined,
  narrower: Narrower,
): Part[] {
  if (wanted === undefined || wanted.includes("*")) return merged(parts);
  return merged(
    parts.flatMap(({ text, until }) =>
      wanted.flatMap((one) => {
        const common = narrower(text, one);
        return common === null ? [] : [{ text: common, until }];
      }),
    ),
  );
}

/** Each text once, with its latest end, sorted. */
export function merged(parts: readonly Part[]): Part[] {
  const ends = new Map<string, number>();
  for (const { text, until } of parts) ends.set(text, Math.max(until, ends.get(text) ?? -Infinity));
  return [...ends]
    .map(([text, until]) => ({ text, until }))
    .sort((a, b) => (a.text < b.text ? -1 : 1));
}

/** Without directories that lie in one of `others`, or in another of `parts`, which lasts as long. */
export const outermost = (parts: readonly Part[], others: readonly Part[] = []): Part[] =>
  parts.filter(
    (one) =>
      !others.some((outer) => covers(outer.text, one.text) && outer.until >= one.until) &&
      !parts.some(
        (outer) => outer !== one && covers(outer.text, one.text) && outer.until >= one.until,
      ),
  );

export const textsOf = (parts: readonly Part[]): string[] => parts.map(({ text }) => text);

/** As `Constraints.until` keeps them. */
export const endsOf = (kind: GrantKind, parts: readonly Part[]): [string, number][] =>
  parts.flatMap(({ text, until }) =>
    until === Infinity ? [] : [[untilKey(kind, text), until] satisfies [string, number]],
  );
