/**
 * The plan of a task's thread: `state/plans/FILE.md`, out of reach of tool children.
 *
 * Replaced whole and durable when a function here returns; a crash leaves the old plan or the new one, and at worst a
 * dot-name. Never: reads more than a plan may have, or another principal's plan.
 */
import { join } from "node:path";
import type { Section } from "../agent/background.ts";
import type { AgentPaths } from "../spool/layout.ts";
import type { Disk } from "../system/disk.ts";
import { readFile, removeDurably, replaceDurably } from "../system/durable.ts";
import { maxPlanBytes, planFile } from "../task/plan.ts";
import type { Task } from "../task/task.ts";
import type { Plans } from "../tools/desks.ts";
import { onDisk } from "./on-disk.ts";

export const plansDirectory = ({ state }: Pick<AgentPaths, "state">): string =>
  join(state, "plans");

interface PlansWorld {
  readonly disk: Disk;
  readonly paths: Pick<AgentPaths, "state">;
}

/** Null where there is none; one that grew too long is not ours. */
export function readPlan({ disk, paths }: PlansWorld, task: Task): string | null {
  const bytes = readFile(disk, join(plansDirectory(paths), planFile(task)), maxPlanBytes + 1);
  return bytes === null ? null : Buffer.from(bytes).toString("utf8");
}

export const createPlans = ({ disk, paths }: PlansWorld, task: Task): Plans => ({
  read: () => readPlan({ disk, paths }, task),
  replace: (text) =>
    onDisk(() => {
      const directory = plansDirectory(paths);
      disk.makeDirectory(directory, 0o700);
      replaceDurably(disk, join(directory, planFile(task)), Buffer.from(text), 0o600);
    }),
  clear: () =>
    onDisk(() => {
      const directory = plansDirectory(paths);
      // Removing syncs the directory, which is not there before the first plan.
      if (disk.find(directory) !== null) removeDurably(disk, join(directory, planFile(task)));
    }),
});

const heading =
  "Your plan of this thread, as you left it: what was still to be done. Keep it true with update_plan";

/** As the model gets it when a task begins. */
export function planSection(world: PlansWorld, task: Task): Section[] {
  const text = readPlan(world, task);
  return text === null ? [] : [{ heading, text }];
}
