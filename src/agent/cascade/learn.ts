/**
 * What a task says about a skill and a model, by what machines saw: exit codes and completion checks. Pure. (What
 * contracts saw later comes by runner/cascade/outcomes.ts.)
 *
 * Never: takes a word of a model, or of whoever sent the task, for success or failure. Without such a sign nothing
 * is learned.
 */
import type { JournalLine } from "../journal.ts";
import type { Grade } from "./classify.ts";

export interface Lesson {
  readonly ok: boolean;
  readonly error: string | null;
  /** What it is about: `skill:NAME`, `route:GRADE`. */
  readonly about: readonly string[];
}

export interface SkillPlace {
  readonly name: string;
  readonly description: string;
  readonly path: string;
}

const errorChars = 200;

/** What a task used: `skill:NAME`, `route:GRADE`. */
export const aboutOf = (
  lines: readonly JournalLine[],
  skills: readonly SkillPlace[],
  grade: Grade | null,
): string[] => [
  ...skillsRead(lines, skills).map((name) => `skill:${name}`),
  ...(grade === null ? [] : [`route:${grade}`]),
];

/** Null where no machine saw how it ended. */
export function lessonOf(lines: readonly JournalLine[], about: readonly string[]): Lesson | null {
  if (about.length === 0) return null;
  const seen = checksIn(lines) ?? lastExit(lines);
  return seen === null ? null : { ...seen, about };
}

const holds: ReadonlySet<string> = new Set(["tool-hold", "model-hold", "brake-hold"]);

/** When the work of its last stretch began: a task that waits does nothing. Null without a line. */
export function beganAt(lines: readonly JournalLine[]): number | null {
  const first = lines[lines.findLastIndex(({ kind }) => holds.has(kind)) + 1];
  const at = first === undefined || !("at" in first) ? Number.NaN : Date.parse(first.at);
  return Number.isNaN(at) ? null : at;
}

type Seen = Pick<Lesson, "ok" | "error">;

function checksIn(lines: readonly JournalLine[]): Seen | null {
  const line = lines.findLast(({ kind }) => kind === "check-result");
  if (line?.kind !== "check-result" || line.results.length === 0) return null;
  const bad = line.results.filter(({ state }) => state !== "pass");
  if (bad.length === 0) return { ok: true, error: null };
  const why = bad.map(({ name, found }) => `${name}: ${found}`).join("; ");
  return { ok: false, error: clipped(`check ${why}`) };
}

/** How the last command ended that ran to its end. */
function lastExit(lines: readonly JournalLine[]): Seen | null {
  const names = new Map<string, string>();
  let seen: Seen | null = null;
  for (const line of lines) {
    if (line.kind === "tool-intent") names.set(`${line.step}-${line.index}`, line.name);
    if (line.kind !== "tool-result" || names.get(`${line.step}-${line.index}`) !== "shell")
      continue;
    const code = /\[exit code (\d{1,3})[^\]]*\]\s*$/.exec(line.text)?.[1];
    if (code === undefined || line.interrupted) continue;
    seen = code === "0" ? { ok: true, error: null } : { ok: false, error: clipped(line.text) };
  }
  return seen;
}

/** The end of it: that is where commands say what went wrong. */
const clipped = (text: string): string =>
  text.trim().replace(/\s+/g, " ").slice(-errorChars).toWellFormed();

/** Opened by its tool, or by the path of its SKILL.md. */
function skillsRead(lines: readonly JournalLine[], skills: readonly SkillPlace[]): string[] {
  const calls = lines.flatMap((line) => (line.kind === "tool-intent" ? [line] : []));
  const opened = new Set(calls.flatMap(openedBy));
  const read = calls.filter(({ name }) => name === "read_file" || name === "shell");
  return skills
    .filter(
      ({ name, path }) =>
        opened.has(name) ||
        read.some((call) => call.arguments.includes(JSON.stringify(path).slice(1, -1))),
    )
    .map(({ name }) => name);
}

/** Raw arguments, as the model wrote them. */
function openedBy(call: { readonly name: string; readonly arguments: string }): string[] {
  if (call.name !== "use_skill") return [];
  try {
    const { name } = JSON.parse(call.arguments) as { readonly name?: unknown };
    return typeof name === "string" ? [name] : [];
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
    return [];
  }
}

/** Latest first. */
export interface Past {
  readonly about: string;
  readonly results: readonly { readonly ok: boolean; readonly error: string | null }[];
}

export const remembered = 10;
const looked = 3;
const warnedAfter = 2;
const maxWarnings = 5;

const failuresOf = ({ results }: Past): number =>
  results.slice(0, looked).filter(({ ok }) => !ok).length;

const isFailing = (past: Past): boolean => failuresOf(past) >= warnedAfter;

/** Of skills that failed lately, in words; those that the task seems to need first. */
export function warningsOf(past: readonly Past[], needed: (skill: string) => boolean): string[] {
  return past
    .filter((one) => one.about.startsWith("skill:") && isFailing(one))
    .map((one) => ({ one, skill: one.about.slice("skill:".length) }))
    .sort((a, b) => Number(needed(b.skill)) - Number(needed(a.skill)))
    .slice(0, maxWarnings)
    .map(({ one, skill }) => warningOf(one, skill));
}

function warningOf(past: Past, skill: string): string {
  const times = `${failuresOf(past)} of the last ${Math.min(looked, past.results.length)} times`;
  const error = past.results.find(({ ok }) => !ok)?.error ?? null;
  return `- skill ${skill} failed ${times}${error === null ? "" : `, lately: ${error}`}`;
}

const better: Readonly<Record<Grade, Grade>> = {
  fast: "balanced",
  balanced: "strong",
  strong: "strong",
};

/** A grade that failed lately is not enough. */
export const raised = (grade: Grade, past: readonly Past[]): Grade =>
  past.some((one) => one.about === `route:${grade}` && isFailing(one)) ? better[grade] : grade;
