/** How good an answer looks without understanding it. Pure: one point, less for each sign of a poor one. */
import { wordsOf } from "./words.ts";

export interface Quality {
  readonly score: number;
  readonly why: string;
}

const leastScore = 0.5;
export const isPoor = ({ score }: Quality): boolean => score < leastScore;

const refusals = [
  /\b(?:i|we)(?: am|'m| are)? (?:sorry|unable|afraid)\b/i,
  /\b(?:i|we) (?:cannot|can't|could not|couldn't|won't|will not) (?:help|answer|assist|do|provide|tell)\b/i,
  /\bas an? (?:ai|language model|assistant)\b/i,
];
const generic = [
  /\bi (?:do not|don't) (?:know|understand|have (?:any |enough )?information)\b/i,
  /\b(?:please )?(?:provide|give me) more (?:details|information|context)\b/i,
  /\bhow can i help\b/i,
  /\bit depends\.?\s*$/i,
];
const errors = /^(?:error|exception|traceback|internal error|fatal)\b/i;
const redirects = /^(?:please )?(?:see|visit|check|ask|contact|refer to|consult)\b[^.!?]*[.!?]?$/i;

const hits = (patterns: readonly RegExp[], text: string): number =>
  patterns.filter((pattern) => pattern.test(text)).length;

/** Answers are judged by their beginning: signs of a poor one stand there. */
const judgedChars = 4000;

export function qualityOf(question: string, whole: string): Quality {
  const answer = whole.trim().slice(0, judgedChars);
  const asked = wordsOf(question);
  const said = wordsOf(answer);
  const signs: [string, number][] = [];
  const sign = (name: string, minus: number, holds: boolean): void => {
    if (holds && minus > 0) signs.push([name, minus]);
  };
  sign("empty", 0.6, answer === "");
  sign("a few words for a long question", 0.4, said.length < 5 && asked.length > 5);
  const refused = Math.min(2, hits(refusals, answer) + hits(generic, answer));
  sign("a refusal or nothing in particular", 0.3 * refused, refused > 0);
  sign("an error", 0.2, errors.test(answer));
  sign("mostly the question again", 0.3, isEcho(asked, said));
  sign("only a reference", 0.15, redirects.test(answer));
  const score = Math.max(0, 1 - signs.reduce((sum, [, minus]) => sum + minus, 0));
  const why =
    signs.length === 0 ? "nothing speaks against it" : signs.map(([name]) => name).join(", ");
  return { score: Math.round(score * 100) / 100, why };
}

/** More than half of what it says are words of the question, and it says little more. */
function isEcho(asked: readonly string[], said: readonly string[]): boolean {
  if (said.length === 0 || asked.length < 4 || said.length > 2 * asked.length) return false;
  const known = new Set(asked);
  return said.filter((word) => known.has(word)).length > said.length * 0.75;
}
