/** How the reflex engine words what the steward answered. Pure. Never: calls a refusal a success. */
import { unframeAnswer } from "../../task/frame.ts";
import type { Found, Outcome } from "./rule.ts";
import { failed, find, nature } from "./wording.ts";

/** What the steward said, and whether it was done: only root's word counts, and its first line says so. */
export function answerOf(
  outcomes: readonly Outcome[],
  tool: string,
): { readonly done: boolean; readonly said: string } {
  const text = find(outcomes, tool)?.text ?? "";
  const answer = unframeAnswer(text);
  if (answer === null) return { done: false, said: text.trim() };
  const done = answer.from === "root" && /^done(?:\n|$)/.test(answer.text);
  return { done, said: answer.text.trim() };
}

const understood = `"read FOLDER", "write to FOLDER" (artifacts, artifacts/x), "run commands", "give tasks to NAME" \
and "reach HOST:PORT"`;

export function commissionedText(found: Found, outcomes: readonly Outcome[]): string {
  const name = found["name"] ?? "";
  const { strange } = found;
  if (strange !== undefined)
    return `I did not commission ${name}: I do not understand "${strange}". I understand ${understood}. ${nature}`;
  const { done, said } = answerOf(outcomes, "commission_agent");
  if (!done) return failed(`I did not commission ${name}`, said);
  return `The agent ${name} is commissioned and takes tasks now: con task -a ${name} "…"\n\n${said}`;
}

export function retiredText(found: Found, outcomes: readonly Outcome[]): string {
  const { done, said } = answerOf(outcomes, "retire_agent");
  if (!done) return failed(`I did not retire ${found["agent"]}`, said);
  return `The agent ${found["agent"]} is retired.\n\n${said}`;
}
