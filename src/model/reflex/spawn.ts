/** Recognises "spawn a ROLE to …: GOAL", and words what came of it. Pure. */
import type { Found, Outcome } from "./rule.ts";
import { orderOf } from "./sentences.ts";
import { answerOf } from "./steward-wording.ts";
import { failed } from "./wording.ts";

const head =
  /^spawn (?:an?|one)(?: temporary)? ([a-z][a-z0-9-]{0,30})(?: agent)?(?: [^:\n]{1,200})?:/i;

/** What stands before the colon is for people; the goal is what stands behind it. */
export function findSpawn(text: string): Found | null {
  const order = orderOf(text);
  const [start, role] = head.exec(order?.text ?? "") ?? [];
  if (order === null || start === undefined || role === undefined) return null;
  const goal = order.text.slice(start.length).trim();
  return goal === "" ? null : { role: role.toLowerCase(), goal };
}

export function spawnedText({ role }: Found, outcomes: readonly Outcome[]): string {
  const { done, said } = answerOf(outcomes, "spawn_agent");
  const [, ...lines] = said.split("\n");
  return done
    ? `The ${role} is done:\n\n${lines.join("\n").trim()}`
    : failed(`The ${role} did not get it done`, said);
}
