/**
 * Questions of held tasks that people answer without the steward: found, shown, and answered by a file in the agent's
 * inbox, whose owner the kernel tells. Never: answers what the steward asks; an agent that puts the id of such a
 * question into its own outbox gets nobody's word for it.
 */
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { requestOf } from "../../task/codec.ts";
import { personMark } from "../../task/trust.ts";
import type { Io } from "../shared/io.ts";
import { type HeldQuestion, questionsOf } from "../shared/questions.ts";
import { send } from "../shared/send.ts";
import { safeJson, safeLine } from "../shared/text.ts";
import { oneApproval, type Where } from "./look.ts";

/** Oldest first. */
export const heldQuestions = ({ system }: Where): HeldQuestion[] =>
  questionsOf(nodeDisk, system().runtime).sort((a, b) => Date.parse(a.asked) - Date.parse(b.asked));

/** `wanted`: the id, or AGENT/ID where two agents have it. Null where it is the steward's to know, or nobody's. */
export function heldQuestion(io: Io, wanted: string, where: Where): HeldQuestion | null {
  const [id = "", agent] = wanted.split("/").reverse();
  if (agent === undefined && oneApproval(io, id, where) !== null) return null;
  const found = heldQuestions(where).filter(
    (one) => one.id === id && (agent === undefined || one.agent === agent),
  );
  if (found.length < 2) return found[0] ?? null;
  const names = found.map((one) => `${one.agent}/${one.id}`).join(" or ");
  throw new ConError(exit.badInput, wanted, "several agents have it", `say ${names}`);
}

export const goOn = (task: string): string => `go on with task ${task}`;

export interface Word {
  readonly verb: "approve" | "deny";
  readonly why: string;
  readonly json: boolean;
}

/** The agent goes on, or ends the task, when its runner takes it; delivered, it survives a power cut. */
export function answerHeld(
  io: Io,
  { id, agent, task }: HeldQuestion,
  { verb, why, json }: Word,
  { system }: Where,
): number {
  const text = `${verb === "approve" ? "done" : "refused"}\n${why}`;
  const request = requestOf(text, { replyTo: id, extra: personMark });
  const { inbox } = send(io, system(), agent, request);
  if (json) io.out(safeJson({ id, agent, task, requested: verb, inbox }));
  else io.out(`${verb} of ${safeLine(id)} handed to ${agent}, task ${safeLine(task)}\n`);
  return exit.ok;
}
