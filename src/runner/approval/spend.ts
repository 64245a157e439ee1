/**
 * Asks people whether a task may spend more: through the steward, under an id that follows from task, unit and
 * amount, so that a crash asks once.
 *
 * It is noted what is waited for before anybody is asked, so that an answer which overtakes a crash is found.
 * Whether anybody is asked, how many people it takes and which amounts they see is the steward's to say; that
 * the money is there afterwards is the gateway's. Never: takes an answer of anybody but root.
 */
import type { AskSpending, SpendQuestion, SpendVerdict } from "../../agent/ask-spending.ts";
import type { AgentRuntime } from "../../config/runtime.ts";
import { defaultExpirySeconds, spendTool } from "../../config/spend.ts";
import type { SpendNeed } from "../../model/types.ts";
import { expectAnswers } from "../../spool/held.ts";
import type { AgentPaths } from "../../spool/layout.ts";
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
  whoseWord,
} from "./question.ts";

export interface SpendWorld extends AskingWorld {
  readonly agent: Pick<AgentRuntime, "name" | "approval">;
  readonly paths: AgentPaths;
}

export const spendingGate =
  (world: SpendWorld, task: Pick<Task, "id" | "request">): AskSpending =>
  async (question) => {
    const id = questionId(world.agent.name, task.id, question);
    const what = `spend, slice ${question.need.slice} of ${question.need.unit}`;
    const asking = { task: task.id, id, what, woken: question.woken };
    const decision = decisionOn(world, asking);
    if (decision.kind === "no") return decision;
    if (decision.kind === "yes") return { kind: "go" };
    tell(world, asking, "asked");
    return ask(world, task, id, question);
  };

/** Begun anew by a person, the task may ask people anew. */
function questionId(agent: string, task: string, { need, retries }: SpendQuestion): string {
  const { agent: holder, task: spender, unit, slice } = need;
  const parts = ["spend", agent, task, holder, spender, unit, String(slice), String(retries)];
  return derivedId(timeOfId(task), parts);
}

async function ask(
  world: SpendWorld,
  task: Pick<Task, "id" | "request">,
  id: string,
  { need, callId }: SpendQuestion,
): Promise<SpendVerdict> {
  const rule = world.agent.approval.find(({ tool }) => tool === spendTool);
  const end = world.now() + (rule?.expirySeconds ?? defaultExpirySeconds) * 1000;
  const why = `waits for ${whoseWord(rule?.approvers ?? 1)} word on spending more: con approvals show ${id}`;
  const hold: Hold = { waitFor: [id], until: end + graceMs, why };
  expectAnswers(world, world.paths, task.id, { ...hold, call: callId });
  const sent = await askPeople(world, id, {
    ...blankQuestion,
    ...wanted(need, task.request.text),
    task: task.id,
    call: callId,
    expires: new Date(end).toISOString(),
  });
  if (sent.kind === "asked") return { kind: "wait", hold };
  return { kind: sent.passes ? "later" : "no", why: sent.why };
}

const wanted = ({ agent, task, unit, slice }: SpendNeed, about: string) => {
  const spend = { agent, task, unit, slice };
  return { ...askedCall(spendTool, spend), preview: shown(about), spend };
};
