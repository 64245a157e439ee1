/** Verdicts, arguments and words of the checks in this directory. Pure. */
import { printable } from "../../../system/log.ts";
import type { BuiltinArguments, Verdict } from "../../types.ts";

export const pass = (found: string): Verdict => ({ state: "pass", found });
export const skipped = (why: string): Verdict => ({ state: "skipped", why });
/** It could not be looked at, which is not the same as being right. */
export const unable = (why: string): Verdict => ({ state: "error", why });

/** One thing that is wrong. */
export interface Trouble {
  readonly found: string;
  /** Equal for the same trouble. */
  readonly key: string;
  /** Agent at fault. */
  readonly agent?: string;
  readonly remedy?: string;
}

const mostShown = 10;

/** Fails with all of `troubles`, or passes with what was seen. */
export function judge(troubles: readonly Trouble[], fine: string): Verdict {
  const [first] = troubles;
  if (first === undefined) return pass(fine);
  const shown = troubles.slice(0, mostShown).map(({ found }) => found);
  const rest = troubles.length - shown.length;
  const agents = troubles.flatMap(({ agent }) => agent ?? []);
  return {
    state: "fail",
    found: [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join("; "),
    key: [...new Set(troubles.map(({ key }) => key))].sort().join(" ").slice(0, 1000),
    remedy: troubles.find(({ remedy }) => remedy !== undefined)?.remedy ?? null,
    agents: [...new Set(agents)].sort(),
  };
}

/** Thrown for arguments that the schema lets through and this check cannot use; ends as an error. */
export class BadArgument extends Error {}

export function numberIn(args: BuiltinArguments, name: string, otherwise?: number): number {
  const value = args[name] ?? otherwise;
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new BadArgument(`${name} is not a number of at least 0`);
}

export function textIn(args: BuiltinArguments, name: string): string {
  const value = args[name];
  if (typeof value === "string" && value !== "") return value;
  throw new BadArgument(`${name} is not a text`);
}

export function listIn(args: BuiltinArguments, name: string): readonly string[] {
  const value = args[name];
  if (Array.isArray(value) && value.every((one): one is string => typeof one === "string"))
    return value;
  throw new BadArgument(`${name} is not a list of texts`);
}

const reordering = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const longest = 120;

/** A name from an agent or a sender, fit for terminals and reports. */
export function shown(text: string): string {
  const cut = text.length <= longest ? text : `${text.slice(0, longest)}…`;
  return printable(cut).replace(
    reordering,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `40 s`, `75 min`, `30 h`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
