/** Approvals as they stand at this moment: what is over is written down as over on the way. */
import type { StewardWorld } from "../world.ts";
import { move } from "./state.ts";
import { listApprovals, writeApproval } from "./store.ts";
import type { Approval } from "./types.ts";

/** All there are. */
export function lookAll(world: StewardWorld): Approval[] {
  const { disk, places } = world;
  const { approvals, damaged } = listApprovals(disk, places.approvals);
  for (const id of damaged) world.log.error("an approval is damaged", { id });
  return approvals.map((one) => look(world, one));
}

/** Whoever waited for it learns from its own clock that nobody decided: nothing is sent. */
export function look(world: StewardWorld, before: Approval): Approval {
  const { approval } = move(before, { kind: "look", at: world.now() });
  if (approval === before) return before;
  const after = { ...approval, settled: true };
  writeApproval(world.disk, world.places.approvals, after);
  return after;
}
