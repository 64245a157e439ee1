/** New temporary agents: records first, then the machine. Starts none of them. */
import { nodeDisk } from "../../system/disk.ts";
import type { Failure } from "../apply.ts";
import { withApplyLock } from "../lock.ts";
import { follow } from "./follow.ts";

/** All of them in one go. Each of `names` that has no place in the plan is a failure of its own. */
export const spawnChildren = (names: readonly string[]): Promise<Failure[]> =>
  withApplyLock(nodeDisk, async () => {
    const { world, failures } = await follow(new Set());
    const out = names.filter(
      (name) => !world.children.has(name) && !failures.some(({ agent }) => agent === name),
    );
    return [...failures, ...out.map(homeless)];
  });

const homeless = (agent: string): Failure => ({
  what: `temporary agent ${agent}`,
  why: "its parent is not there any more, or may not make agents of that role",
  agent,
});
