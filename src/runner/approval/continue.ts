/**
 * Asks people whether a task that makes call after call goes on: through the steward, under an id that follows from the
 * task and from how often it was stopped, so that a crash asks once.
 *
 * It is noted what is waited for before anybody is asked, so that an answer which overtakes a crash is found. Never:
 * takes an answer of anybody but root.
 */
import type {
  AskToContinue,
  ContinueQuestion,
  ContinueVerdict,
} from "../../agent/brakes/ask-continue.ts";
import { continueSeconds, continueTool } from "../../config/brakes.ts";
import { expectAnswers } from "../../spool/held.ts";
import type { AgentPaths } from "../../spool/layout.ts";
import type { Hold } from "../../task/hold.ts";
import { derivedId, timeOfId } from "../../task/id.ts";
import type { Task } from "../../task/task.ts";
import type { ApprovalEvent } from "../approval.ts";
import { askedCall, shown } from "./call.ts";
import {
  type AskingWorld,
  answerTo,
  askPeople,
  blankQuestion,
  graceMs,
  refusalIn,
} from "./question.ts";

export interface ContinueWorld extends AskingWorld {
  readonly now: () => number;
  readonly agent: { readonly name: string };
  readonly paths: AgentPaths;
  readonly heard?: (event: ApprovalEvent) => void;
}

export const continueGate =
  (world: ContinueWorld, task: Pick<Task, "id">): AskToContinue =>
  async (question) => {
    const { n, retries, woken } = question;
    const parts = ["continue", world.agent.name, task.id, String(n), String(retries)];
    const id = derivedId(timeOfId(task.id), parts);
    const tell = (state: ApprovalEvent["state"]): void =>
      world.heard?.({ kind: "approval", task: task.id, state, id, what: "going on with the task" });
    const answer = answerTo(woken, id);
    if (answer !== null) {
      const refused = refusalIn(answer);
      tell(refused === null ? "approved" : "denied");
      return refused === null
        ? { kind: "go", words: wordsIn(answer.text) }
        : { kind: "no", why: refused };
    }
    const over = woken?.over ?? null;
    tell(over === null ? "asked" : "expired");
    if (over !== null) return { kind: "no", why: `nobody decided: ${over}` };
    return ask(world, task, id, question);
  };

/** Who agreed, and what they said. */
const wordsIn = (text: string): string => text.split("\n").slice(1).join(" ").trim();

async function ask(
  world: ContinueWorld,
  task: Pick<Task, "id">,
  id: string,
  { calls, summary, callId }: ContinueQuestion,
): Promise<ContinueVerdict> {
  const end = world.now() + continueSeconds * 1000;
  const why = `waits for a person's word on going on after ${calls} tool calls: con approvals show ${id}`;
  const hold: Hold = { waitFor: [id], until: end + graceMs, why };
  expectAnswers(world, world.paths, task.id, { ...hold, call: callId });
  const sent = await askPeople(world, id, {
    ...blankQuestion,
    ...askedCall(continueTool, { calls, summary }),
    preview: shown(`${calls} tool calls so far. ${summary}`),
    task: task.id,
    call: callId,
    expires: new Date(end).toISOString(),
  });
  if (sent.kind === "asked") return { kind: "wait", hold };
  return { kind: sent.passes ? "later" : "no", why: sent.why };
}
