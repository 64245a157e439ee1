/** The goal of a task, part by part, out of the file that its agent keeps. Reads only. */
import type { SystemRuntime } from "../../config/runtime.ts";
import { goalPath } from "../../runner/goals.ts";
import { agentPaths } from "../../spool/layout.ts";
import { nodeDisk } from "../../system/disk.ts";
import { decodeGoal, maxGoalBytes } from "../../task/goal/codec.ts";
import { stateOf } from "../../task/goal/state.ts";
import type { Goal, Part } from "../../task/goal/types.ts";
import { tableOf, whoIs } from "../../task/goal/words.ts";
import { readOwned } from "../shared/read.ts";

/** Null where there is none, or none that the caller may read. */
export function goalAt(system: SystemRuntime, id: string, agent: string): Goal | null {
  const uid = system.agents.find(({ name }) => name === agent)?.uid;
  if (uid === undefined) return null;
  const reading = readOwned(
    nodeDisk,
    goalPath(agentPaths(system.root, agent), id),
    uid,
    maxGoalBytes,
  );
  return reading.kind === "text" ? decodeGoal(reading.text) : null;
}

export const goalLines = (goal: Goal): string[] => [
  "",
  `goal: ${goal.goal}`,
  `planned anew ${goal.replans} times; its parts:`,
  ...tableOf(goal),
  ...goal.dropped.map(({ id, to }) => `- ${id} (${whoIs(to)}): given up, planned anew`),
];

/** Public interface: change only by adding. */
export const goalJson = (goal: Goal) => ({
  goal: goal.goal,
  final: goal.final,
  replans: goal.replans,
  parts: goal.parts.map((part) => partJson(goal, part)),
});

const partJson = (goal: Goal, part: Part) => ({
  id: part.id,
  to: part.to,
  state: stateOf(goal, part),
  depends_on: part.dependsOn,
  attempts: part.attempts.map(({ to, id, until, end }) => ({
    to,
    task: id,
    until,
    end: end?.kind ?? null,
    why: end === null || end.kind === "done" ? null : end.why,
  })),
});
