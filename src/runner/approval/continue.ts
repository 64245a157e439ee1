/**
 * Asks people whether a task that makes call after call goes on, under an id that follows from the task and from how
 * often it was stopped, so that a crash asks once.
 *
 * Where the manifest says how people are asked (`continue` under `approval:`), the steward asks them and keeps their
 * word. Any other agent has no way to the steward, and needs none: its task waits with the question in its own outbox,
 * and a person's word comes into its inbox as that person's file, whose owner the kernel tells (spool/answers.ts).
 * Asking the steward, it is noted what is waited for before, so that an answer which overtakes a crash is found.
 * Never: takes the word of an agent, of a stranger, or of whoever sent the task.
 */
import type {
  AskToContinue,
  ContinueQuestion,
  ContinueVerdict,
} from "../../agent/brakes/ask-continue.ts";
import { continueSeconds, continueTool } from "../../config/brakes.ts";
import type { AgentRuntime } from "../../config/runtime.ts";
import { expectAnswers } from "../../spool/held.ts";
import type { AgentPaths } from "../../spool/layout.ts";
import { redact } from "../../system/redact.ts";
import type { Hold } from "../../task/hold.ts";
import { derivedId, timeOfId } from "../../task/id.ts";
import type { Task } from "../../task/task.ts";
import { askedCall, shown } from "./call.ts";
import {
  type AskingWorld,
  askPeople,
  blankQuestion,
  decisionOn,
  graceMs,
  tell,
} from "./question.ts";

export interface ContinueWorld extends AskingWorld {
  readonly agent: Pick<AgentRuntime, "name" | "approval">;
  readonly paths: AgentPaths;
}

export const continueGate =
  (world: ContinueWorld, task: Pick<Task, "id">): AskToContinue =>
  async (question) => {
    const { n, retries, woken } = question;
    const parts = ["continue", world.agent.name, task.id, String(n), String(retries)];
    const id = derivedId(timeOfId(task.id), parts);
    // A manifest that was changed meanwhile turns down neither the steward's word nor a person's own.
    const asking = {
      task: task.id,
      id,
      what: "going on with the task",
      woken,
      byPeople: true,
    } as const;
    const decision = decisionOn(world, asking);
    if (decision.kind === "no") return decision;
    if (decision.kind === "yes") return { kind: "go", words: decision.words };
    tell(world, asking, "asked");
    const hold = holdFor(world, id, question);
    if (asksSteward(world)) return askSteward(world, task, { id, question, hold });
    return { kind: "wait", hold: { ...hold, question: redact(headline(question)) } };
  };

const asksSteward = ({ agent }: ContinueWorld): boolean =>
  agent.approval.some(({ tool }) => tool === continueTool);

const headline = ({ calls, summary }: ContinueQuestion): string =>
  `${calls} tool calls so far. ${summary}`;

function holdFor({ now }: ContinueWorld, id: string, { calls }: ContinueQuestion): Hold {
  const until = now() + continueSeconds * 1000 + graceMs;
  const why = `waits for a person's word on going on after ${calls} tool calls: con approvals show ${id}`;
  return { waitFor: [id], until, why };
}

async function askSteward(
  world: ContinueWorld,
  task: Pick<Task, "id">,
  asked: { readonly id: string; readonly question: ContinueQuestion; readonly hold: Hold },
): Promise<ContinueVerdict> {
  const { id, question, hold } = asked;
  const { calls, summary, callId } = question;
  expectAnswers(world, world.paths, task.id, { ...hold, call: callId });
  const sent = await askPeople(world, id, {
    ...blankQuestion,
    ...askedCall(continueTool, { calls, summary }),
    preview: shown(headline(question)),
    task: task.id,
    call: callId,
    expires: new Date(hold.until - graceMs).toISOString(),
  });
  if (sent.kind === "asked") return { kind: "wait", hold };
  return { kind: sent.passes ? "later" : "no", why: sent.why };
}
