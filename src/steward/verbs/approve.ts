/** A person agrees. With enough of them, what waited is done, or the agent that waited goes on. */
import { decide } from "../approvals/decide.ts";
import type { Verb } from "../verb.ts";

export const approve: Verb<"approve"> = {
  act: (world, { approval: id, why }, by, { perform }) =>
    decide(world, { kind: "approve", id, why }, by, perform),
};
