/** A goal in words: the table of its parts, and what who does a part is told. Pure. */
import { headOf } from "../text.ts";
import { nextTarget, stateOf } from "./state.ts";
import { type Goal, maxReplans, type Part, type Target } from "./types.ts";

export const whoIs = ({ kind, name }: Target): string => (kind === "role" ? `role ${name}` : name);

/** One line for each part, without a word of theirs but why they failed, which stands as JSON. */
export const tableOf = (goal: Goal): string[] => goal.parts.map((part) => lineOf(goal, part));

function lineOf(goal: Goal, part: Part): string {
  const state = stateOf(goal, part);
  const last = part.attempts.at(-1);
  const end = last?.end ?? null;
  const who = whoIs(last?.to ?? part.to);
  const needs = part.dependsOn.length === 0 ? "" : `, after ${part.dependsOn.join(", ")}`;
  const head = `- ${part.id} (${who}${needs}): ${state}`;
  const tries = part.attempts.length > 1 ? `, attempt ${part.attempts.length}` : "";
  if (state === "asked") return `${head} until ${isoOf(last?.until)}${tries}`;
  if (end === null) return head;
  const where = end.path === null ? "" : `, all of it in ${end.path}`;
  if (end.kind === "done") return `${head}${tries}${where}`;
  const next = nextTarget(part);
  const then = next === null ? "" : `, ${whoIs(next)} is asked next`;
  return `${head} after ${end.kind}${then}${tries}: ${JSON.stringify(end.why)}${where}`;
}

/** The file is the agent's own: a time in it may be anything. */
const isoOf = (ms: number | undefined): string =>
  ms !== undefined && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : "?";

/** What the model may do now. */
export function nextStep(goal: Goal): string {
  const states = goal.parts.map((part) => stateOf(goal, part));
  if (states.every((state) => state === "done"))
    return `All parts are done. Answer now, and the answer is to be: ${goal.final}`;
  if (states.includes("ready")) return "Parts are ready: call run_batch.";
  const left = maxReplans - goal.replans;
  return left > 0
    ? `Nothing more can be asked. Call plan_goal with parts for what is left (${left} more times), or answer with what there is.`
    : "Nothing more can be asked, and no further plan is taken: answer with what there is, and say what is missing.";
}

/** Bytes of results that a part gets with its task. */
const givenBytes = 24 * 1024;
const goalChars = 500;

/** What others found for it, each as `framed` makes it data. */
export function findingsFor(
  goal: Goal,
  part: Part,
  framed: (id: string, from: string, text: string) => string,
): string {
  const share = Math.floor(givenBytes / Math.max(1, part.dependsOn.length));
  return part.dependsOn
    .flatMap((id) => {
      const found = goal.parts.find((one) => one.id === id);
      const last = found?.attempts.at(-1);
      if (last?.end?.kind !== "done") return [];
      const head = headOf(last.end.text, share);
      const cut = head.length < last.end.text.length ? "\n[cut here]" : "";
      return [framed(id, whoIs(last.to), `${head}${cut}`)];
    })
    .join("\n\n");
}

export function taskFor(goal: Goal, part: Part, until: number): string {
  const about = goal.goal.slice(0, goalChars).toWellFormed();
  return [
    part.task,
    ...(part.expect === null ? [] : [`Expected of your answer: ${part.expect}`]),
    `Wanted before ${isoOf(until)}. This is part ${part.id} of a larger goal, for your information: ${JSON.stringify(about)}`,
  ].join("\n\n");
}
