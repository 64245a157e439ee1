/**
 * Tells an agent what came of its request: a task from root in its inbox, `reply_to` the request, marked as
 * the steward's. It ends the waiting of a call, and is never run (task/trust.ts): parts of it are the agent's own
 * words, of which it holds a line each of bounded length.
 *
 * Sent again after a crash it is the same task, because its id follows from the request's. Never: fails a
 * request because its sender cannot be reached; a full disk is for later.
 */
import { deliver } from "../spool/deliver.ts";
import { isDiskTrouble } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { requestOf } from "../task/codec.ts";
import { derivedId, timeOfId } from "../task/id.ts";
import { stewardMark } from "../task/trust.ts";
import { oneLine } from "./quote.ts";
import type { StewardAnswer } from "./types.ts";
import type { StewardWorld } from "./world.ts";

/** Does nothing for people: they read the outbox. */
export function replyToAgent(world: StewardWorld, answer: StewardAnswer): void {
  const agent = world.agents().find(({ uid }) => uid === answer.by.uid);
  if (agent === undefined) return;
  const mailbox = world.mailboxOf(agent.name);
  if (mailbox === null) return;
  const request = requestOf(inWords(answer), { replyTo: answer.id, extra: stewardMark });
  const id = derivedId(timeOfId(answer.id), ["steward-answer", answer.id]);
  try {
    deliver(world, mailbox.inbox, request, { id, bell: mailbox.bell });
  } catch (error) {
    if (isDiskTrouble(error) || !(error instanceof ConError) || error.code === exit.tryLater)
      throw error;
    world.log.warn("an agent was not told what came of its request", {
      agent: agent.name,
      id: answer.id,
      why: error.why,
    });
  }
}

const maxChanges = 40;
const maxLine = 1200;

/** The first line is one word, which programs read. */
function inWords({ status, error, changes, undo, said }: StewardAnswer): string {
  const more = changes.length - maxChanges;
  const lines = [
    status,
    ...(error === null ? [] : [error]),
    ...changes.slice(0, maxChanges),
    ...(more > 0 ? [`(and ${more} more changes)`] : []),
    ...(undo === null ? [] : [`undo: ${undo}`]),
  ].map((line) => oneLine(line, maxLine));
  // What others said is marked as theirs, line for line.
  return [...lines, ...(said === undefined ? [] : ["", said])].join("\n");
}
