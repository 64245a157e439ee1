/** A goal as the text of a file, and back. Pure. Never: takes half a goal, or one of another version, for a goal. */
import type { Attempt, End, Goal, Part } from "./types.ts";

/** More than all parts of all plans may have, every character escaped. */
export const maxGoalBytes = 64 << 20;

export const encodeGoal = (goal: Goal): Uint8Array => Buffer.from(`${JSON.stringify(goal)}\n`);

/** Null for what is none. */
export function decodeGoal(text: string): Goal | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  return isGoal(value) ? value : null;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);
const all = (value: unknown, is: (one: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(is);

const isGoal = (value: unknown): value is Goal =>
  isObject(value) &&
  value["version"] === 1 &&
  isText(value["goal"]) &&
  isText(value["final"]) &&
  Number.isSafeInteger(value["replans"]) &&
  all(value["parts"], isPart) &&
  all(value["dropped"], isPart);

const isPart = (value: unknown): value is Part =>
  isObject(value) &&
  isText(value["id"]) &&
  isTarget(value["to"]) &&
  isText(value["task"]) &&
  all(value["dependsOn"], isText) &&
  Number.isFinite(value["deadlineMs"]) &&
  isTextOrNull(value["expect"]) &&
  all(value["escalate"], (one) => isObject(one) && isText(one["on"]) && isText(one["agent"])) &&
  Number.isSafeInteger(value["plan"]) &&
  all(value["attempts"], isAttempt);

const isTarget = (value: unknown): boolean =>
  isObject(value) &&
  (value["kind"] === "agent" || value["kind"] === "role") &&
  isText(value["name"]);

const isAttempt = (value: unknown): value is Attempt =>
  isObject(value) &&
  isTarget(value["to"]) &&
  isText(value["call"]) &&
  isTextOrNull(value["id"]) &&
  Number.isFinite(value["asked"]) &&
  Number.isFinite(value["until"]) &&
  (value["end"] === null || isEnd(value["end"]));

const isEnd = (value: unknown): value is End =>
  isObject(value) &&
  isTextOrNull(value["path"]) &&
  (value["kind"] === "done"
    ? isText(value["text"])
    : ["failed", "late", "too_long"].includes(String(value["kind"])) && isText(value["why"]));
