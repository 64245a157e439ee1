/**
 * The goal of a task: `state/goals/ID.json`, out of reach of tool children. Replaced whole and durable; a crash leaves
 * the old one or the new one.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { AgentPaths } from "../spool/layout.ts";
import type { Disk } from "../system/disk.ts";
import { readFile, replaceDurably } from "../system/durable.ts";
import { decodeGoal, encodeGoal, maxGoalBytes } from "../task/goal/codec.ts";
import type { Goals } from "../tools/desks.ts";
import { onDisk } from "./on-disk.ts";

export const goalPath = ({ state }: Pick<AgentPaths, "state">, id: string): string =>
  join(state, "goals", `${id}.json`);

interface GoalsWorld {
  readonly disk: Disk;
  readonly paths: Pick<AgentPaths, "state">;
}

/** `keep` puts a text where the agent's file tools can read it. */
export const createGoals = (
  { disk, paths }: GoalsWorld,
  task: string,
  keep: Goals["keep"],
): Goals => ({
  load() {
    const bytes = readFile(disk, goalPath(paths, task), maxGoalBytes);
    return bytes === null ? null : decodeGoal(Buffer.from(bytes).toString("utf8"));
  },
  save: (goal) =>
    onDisk(() => {
      disk.makeDirectory(join(paths.state, "goals"), 0o700);
      replaceDurably(disk, goalPath(paths, task), encodeGoal(goal), 0o600);
    }),
  keep,
  nonce: () => randomBytes(16).toString("hex"),
});
