/**
 * The answer of a task that must be JSON, as it is published: without the Markdown fence that models put
 * around it. Pure. Never: changes the JSON itself, or repairs what is none.
 */
import type { DoneWhen } from "../../task/done-when/types.ts";

/** The answer as every check sees it, and as the sender gets it. */
export function bareAnswer({ checks }: DoneWhen, answer: string): string {
  if (!checks.some(({ probe }) => probe.kind === "answer_json")) return answer;
  const text = answer.trim();
  const end = text.indexOf("\n");
  const isFenced = /^```(?:json)?\s*$/i.test(text.slice(0, end === -1 ? 0 : end));
  const inner = isFenced && text.endsWith("\n```") ? text.slice(end, -3).trim() : text;
  // In JSON these stand between values only; a terminal would take one alone for a line of its own.
  return inner.replace(/\r\n?/g, "\n");
}
