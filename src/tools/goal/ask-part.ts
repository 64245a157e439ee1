/** Asks for one part of a goal: an agent, or a temporary agent of a role. The same part and attempt ask once. */

import { sha256 } from "../../system/sha256.ts";
import { frameAnswer } from "../../task/frame.ts";
import type { Attempt, Goal, Part } from "../../task/goal/types.ts";
import { findingsFor, taskFor } from "../../task/goal/words.ts";
import { denialLine } from "../denial.ts";
import { orderChildren } from "../spawn.ts";
import type { ToolContext } from "../tool.ts";

export interface AskedPart {
  /** With its id, or ended because nobody could be asked. */
  readonly attempt: Attempt;
  /** When nothing more is waited for. */
  readonly waitUntil: number;
}

/** `also`: what the same call waits for besides. */
export async function askPart(
  goal: Goal,
  part: Part,
  also: readonly string[],
  context: ToolContext,
): Promise<AskedPart> {
  const attempt = part.attempts.at(-1);
  if (attempt === undefined) throw new RangeError(`part ${part.id} has no attempt`);
  const asked =
    attempt.to.kind === "agent"
      ? askAgent(goal, part, attempt, also, context)
      : await askRole(goal, part, attempt, also, context);
  if (asked.ok) return { attempt: { ...attempt, id: asked.id }, waitUntil: asked.waitUntil };
  const end = { kind: "failed", why: `not asked: ${asked.why}`, path: null } as const;
  return { attempt: { ...attempt, end }, waitUntil: 0 };
}

type Sent =
  | { readonly ok: true; readonly id: string; readonly waitUntil: number }
  | { readonly ok: false; readonly why: string };

function askAgent(
  goal: Goal,
  part: Part,
  { to, until }: Attempt,
  also: readonly string[],
  { peers, callId, goals }: ToolContext,
): Sent {
  const found = findingsFor(goal, part, (id, from, text) =>
    frameAnswer({ from, id, text }, goals?.nonce() ?? ""),
  );
  const text = [taskFor(goal, part, until), ...(found === "" ? [] : [found])].join("\n\n");
  const key = `part ${part.plan} ${part.id} ${part.attempts.length}`;
  const sent = peers.ask(to.name, text, { callId, until, key, also });
  if (sent.ok) return { ok: true, id: sent.id, waitUntil: until };
  return { ok: false, why: sent.denial === undefined ? sent.why : denialLine(sent.denial) };
}

/**
 * The same each time, so that a crash orders the same once more; and no text holds its own digest, so none ends its
 * frame. Short, because what the steward takes is.
 */
function marked(id: string, from: string, text: string): string {
  const mark = sha256(text).slice(0, 16);
  return `<<<part ${id} of ${from} ${mark}\n${text}\n${mark}>>>`;
}

async function askRole(
  goal: Goal,
  part: Part,
  { to, until }: Attempt,
  also: readonly string[],
  context: ToolContext,
): Promise<Sent> {
  const found = findingsFor(goal, part, marked);
  const child = {
    role: to.name,
    goal: taskFor(goal, part, until),
    ...(found === "" ? {} : { prior_findings: found }),
  };
  const why = `part ${part.plan} ${part.id}, attempt ${part.attempts.length}`;
  const asked = await orderChildren([child], { deadline: until, why, also }, context);
  return asked.ok
    ? { ok: true, id: asked.id, waitUntil: asked.hold.until }
    : { ok: false, why: asked.result.text };
}
