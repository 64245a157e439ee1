/** A person refuses. One is enough; the agent is told, with the reason. */
import { decide } from "../approvals/decide.ts";
import type { Verb } from "../verb.ts";

export const deny: Verb<"deny"> = {
  act: (world, { approval: id, why }, by, { perform }) =>
    decide(world, { kind: "deny", id, why }, by, perform),
};
