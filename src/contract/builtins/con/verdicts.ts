/**
 * Verdicts, arguments and words of the checks in this directory. Pure.
 *
 * Names that agents or senders chose: `named` for what people read, never in a remedy, which people paste.
 */
import { printable } from "../../../system/log.ts";
import { sha256 } from "../../../system/sha256.ts";
import { bounded } from "../../incident/bounded-key.ts";
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
  /** Without any name that an agent or a sender chose. */
  readonly remedy?: string;
}

const mostShown = 10;
const mostKey = 1000;

/** Fails with all of `troubles`, or passes with what was seen. */
export function judge(troubles: readonly Trouble[], fine: string): Verdict {
  const [first] = troubles;
  if (first === undefined) return pass(fine);
  const told = inTurn(troubles)
    .slice(0, mostShown)
    .map(({ found }) => found);
  const rest = troubles.length - told.length;
  const agents = troubles.flatMap(({ agent }) => agent ?? []);
  return {
    state: "fail",
    found: [...told, ...(rest > 0 ? [`and ${rest} more`] : [])].join("; "),
    key: bounded([...new Set(troubles.map(({ key }) => key))].sort().join(" "), mostKey),
    remedy: inTurn(troubles).find(({ remedy }) => remedy !== undefined)?.remedy ?? null,
    agents: [...new Set(agents)].sort(),
  };
}

/** One of each agent, then the next of each: many troubles of one agent hide none of another. */
function inTurn(troubles: readonly Trouble[]): Trouble[] {
  const counts = new Map<string, number>();
  const turns = troubles.map((trouble) => {
    const who = trouble.agent ?? "";
    const turn = counts.get(who) ?? 0;
    counts.set(who, turn + 1);
    return { trouble, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ trouble }) => trouble);
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

const longest = 120;
const kept = { head: 70, tail: 30, hash: 12 } as const;

/** What somebody else said, fit for terminals and reports; a name is for `named`. */
export function shown(text: string): string {
  return printable(text.length <= longest ? text : `${text.slice(0, longest)}…`);
}

/**
 * A name from an agent or a sender, fit for terminals, reports and a shell where it is pasted by mistake: what
 * is not plain is written `\xHH` or `\u{…}`. Different names are shown differently, long ones by a hash.
 */
export function named(text: string): string {
  const plain = text.replace(/[^\w./@+-]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).padStart(2, "0");
    return code.length === 2 ? `\\x${code}` : `\\u{${code}}`;
  });
  if (plain.length <= longest) return plain;
  const hash = sha256(text).slice(0, kept.hash);
  return `${plain.slice(0, kept.head)}…${hash}…${plain.slice(-kept.tail)}`;
}

/** A name of the machine's or con's own as a word of a command, or `otherwise` where a shell would read more. */
export const inCommand = (name: string, otherwise: string): string =>
  /^[\w./@+][\w./@+-]*$/.test(name) ? name : otherwise;

/** `40 s`, `75 min`, `30 h`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
