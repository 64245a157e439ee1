/** Waits for an answer and says how it goes. Reads only; ending the wait leaves the task alone. */
import { denied, joinTrusted } from "../../commands/shared/access.ts";
import { findTask, searchTasks } from "../../commands/shared/find.ts";
import { questionOf } from "../../commands/shared/questions.ts";
import { listVisible } from "../../commands/shared/read.ts";
import { loadSystem } from "../../commands/shared/system.ts";
import { safeLine } from "../../commands/shared/text.ts";
import { waitForAnswer } from "../../commands/shared/wait.ts";
import * as show from "../../commands/show.ts";
import type { AgentEntry, SystemRuntime } from "../../config/runtime.ts";
import { agentPaths } from "../../spool/layout.ts";
import { nodeDisk } from "../../system/disk.ts";
import type { Call } from "./tool.ts";
import { runVerb } from "./verbs.ts";

const tellEveryMs = 5_000;

/** As `con show ID --json` has it, when there is an answer or the time is over. */
export async function follow(id: string, seconds: number, call: Call): Promise<object> {
  const system = loadSystem(call.io.env).runtime;
  const found = findTask(nodeDisk, system, id);
  demandOutbox(system, found.agent);
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(seconds * 1000)]);
  const meanwhile = teller(call, system, found.agent, found.id);
  await waitForAnswer(system, found.agent, found.id, { signal, meanwhile });
  return view(`${found.agent.name}/${found.id}`, call);
}

export async function view(id: string, call: Call): Promise<object> {
  const { value } = await runVerb(call.io, show.run, [id, "--json"], call);
  return value as object;
}

/** Whoever cannot read the answer is told so before they wait. */
export function demandOutbox(system: SystemRuntime, agent: AgentEntry): void {
  const { outbox } = agentPaths(system.root, agent.name);
  if (listVisible(nodeDisk, outbox) !== null) return;
  throw denied(
    `answers of ${agent.name}`,
    outbox,
    `deliver it without wait_seconds, or ${joinTrusted}`,
  );
}

/** Once for each new state, and now and then, so that a client sees that we live. */
function teller(
  { io, progress }: Call,
  system: SystemRuntime,
  agent: AgentEntry,
  id: string,
): () => void {
  const begun = io.now();
  let told = { state: "", at: Number.NEGATIVE_INFINITY };
  return () => {
    const now = io.now();
    const state = stateNow(system, agent, id);
    if (state === told.state && now - told.at < tellEveryMs) return;
    told = { state, at: now };
    progress((now - begun) / 1000, state);
  };
}

function stateNow(system: SystemRuntime, agent: AgentEntry, id: string): string {
  const asked = questionOf(nodeDisk, system, agent, id);
  if (asked !== null) return `held: it ${safeLine(asked.why)}`;
  // One that moves while we look is in neither folder.
  const [found] = searchTasks(nodeDisk, { ...system, agents: [agent] }, id).found;
  return found === undefined ? "on its way" : found.place;
}
