/** When a contract is evaluated, what it is about and when it is skipped. Pure. */
import type { KeyPath } from "../../config/source.ts";
import type { SkipIf } from "../types.ts";
import type { Broken, Read } from "./broken.ts";
import { durationSeconds } from "./duration.ts";
import { listOf, type RawContract, type RawDuration, type RawSkipIf } from "./raw.ts";

/** Triggers and tags that mean the timer; `schedule` is what the older formats call it. */
const timed = new Set(["schedule", "always"]);

/** Tags of the older formats that mean: at a git hook, or when a person asks. */
const byHand = new Set([
  "commit",
  "pre-commit",
  "pre-push",
  "pr",
  "merge",
  "protocol",
  "enforcement",
  "manual",
]);

const maxEvery = 31 * 86_400;

export function readWhen(raw: RawContract): Read<{
  everySeconds: number | null;
  manual: boolean;
}> {
  const key = raw.every === undefined ? "frequency" : "every";
  const written = raw.every ?? raw.frequency;
  const everySeconds = written === undefined ? null : durationSeconds(written);
  const broken: Broken[] = [];
  if (raw.every !== undefined && raw.frequency !== undefined)
    broken.push({
      path: ["frequency"],
      of: "key",
      why: "frequency is the older name of every, and both are given",
      remedy: "leave frequency out",
    });
  if (written !== undefined) broken.push(...tooLong(written, [key], maxEvery, "31d"));
  return { value: { everySeconds, manual: written === undefined && isByHand(raw) }, broken };
}

/** Something must say so; a contract that says nothing about it is evaluated by the timer. */
function isByHand({ trigger, tags, type }: RawContract): boolean {
  const triggers = listOf(trigger);
  const labels = listOf(tags);
  if ([...triggers, ...labels].some((word) => timed.has(word))) return false;
  return (
    triggers.length > 0 ||
    labels.some((word) => byHand.has(word)) ||
    type === "protocol" ||
    type === "enforcement"
  );
}

export function tooLong(raw: RawDuration, path: KeyPath, limit: number, words: string): Broken[] {
  const seconds = durationSeconds(raw);
  if (seconds !== null && seconds <= limit) return [];
  return [
    { path, why: `${raw} is more than ${words}`, remedy: `write a time of at most ${words}` },
  ];
}

/** The agent it is about, from `scope: agent:NAME` or `agent: NAME`. */
export function readAgent({ scope, agent }: RawContract): Read<string | null> {
  const scoped = typeof scope === "string" && scope.startsWith("agent:") ? scope.slice(6) : null;
  const value = scoped ?? agent ?? null;
  if (scoped === null || agent === undefined || agent === scoped) return { value, broken: [] };
  const why = `scope names ${scoped}, and agent names ${agent}`;
  return { value, broken: [{ path: ["agent"], why, remedy: "leave one of the two out" }] };
}

export function readSkipIf(raw: RawSkipIf | undefined): SkipIf[] {
  if (raw === undefined) return [];
  const { command_not_available, env_var_unset, path_not_exists, not_in_ci } = raw;
  const all: SkipIf[] = [];
  if (command_not_available !== undefined)
    all.push({ kind: "command_not_available", value: command_not_available });
  if (env_var_unset !== undefined) all.push({ kind: "env_var_unset", value: env_var_unset });
  if (path_not_exists !== undefined) all.push({ kind: "path_not_exists", value: path_not_exists });
  if (not_in_ci === true) all.push({ kind: "not_in_ci", value: true });
  return all;
}
