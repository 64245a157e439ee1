/**
 * One attempt at a task, put together: journal on disk, prompt, tools, sandbox, model.
 *
 * Never: throws for what a task, a model or a tool does; throws for a full or failing disk, and then
 * the session leaves the task where it is. After a crash the next attempt goes on from the journal.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { ValidateArguments } from "../agent/arguments.ts";
import type { JournalLine } from "../agent/journal.ts";
import type { RunLimits } from "../agent/limits.ts";
import { runTask } from "../agent/loop.ts";
import { isLong, type Persona } from "../agent/prompt.ts";
import type { Completion, RunClock, RunOptions } from "../agent/run.ts";
import type { StreamModel } from "../model/types.ts";
import { createExecute, type Isolation } from "../sandbox/exec.ts";
import { isDiskTrouble } from "../system/disk.ts";
import type { Log } from "../system/log.ts";
import type { DoneWhen } from "../task/done-when/types.ts";
import { emptyTally, type Outcome, type Task } from "../task/task.ts";
import { Denied } from "../tools/files/reach.ts";
import { storeWithin } from "../tools/files/store.ts";
import type { ShellPolicy, Tool, ToolContext } from "../tools/tool.ts";
import type { Attempt } from "./ends.ts";
import { type OpenJournal, openJournal } from "./journal-file.ts";
import { createPeers, type PeersWorld } from "./peers.ts";
import {
  filePolicy,
  sandboxLimits,
  sandboxPolicy,
  shellPolicy,
  toolEnvironment,
} from "./policy.ts";

export interface AttemptWorld extends PeersWorld {
  readonly log: Log;
  readonly model: StreamModel;
  /** All tools there are; the manifest says which of them this agent has. */
  readonly tools: readonly Tool[];
  readonly validate: ValidateArguments;
  readonly clock: RunClock;
  /** Text of AGENTS.md. */
  readonly instructions: string;
  readonly isolation: ShellPolicy["isolation"];
}

const answerChars = 1_000_000;
const callsPerTurn = 32;

export const createAttempt =
  (world: AttemptWorld): Attempt =>
  async (task, { signal }) => {
    const journal = openJournal(world.disk, world.paths.journal, task.id);
    if (!journal.ok) return broken(`its journal is damaged: ${journal.why}`);
    try {
      return await attempt(world, task, signal, journal);
    } finally {
      journal.close();
    }
  };

const broken = (why: string): Outcome => ({
  kind: "failed",
  why,
  answer: `This task failed: ${why}. An operator must look at it: con trace, con logs.`,
  tally: emptyTally,
});

async function attempt(
  world: AttemptWorld,
  task: Task,
  signal: AbortSignal,
  journal: OpenJournal,
): Promise<Outcome> {
  let trouble: unknown = null;
  const append = (lines: readonly JournalLine[]): void => {
    try {
      journal.writer.append(lines);
    } catch (error) {
      trouble = error;
      throw error;
    }
  };
  const deps = {
    model: world.model,
    tools: world.tools.filter(({ name }) => world.agent.can.tools.includes(name)),
    validate: world.validate,
    journal: { append },
    clock: world.clock,
    nonce: () => randomBytes(16).toString("hex"),
  };
  const options = runOptions(world, task, signal);
  const { doneWhen } = task.request;
  const completion = doneWhen === null ? null : await completionOf(world, doneWhen, options);
  const outcome = await runTask(deps, task, { ...options, completion, history: journal.lines });
  // The loop only puts the task off; what to do about the disk is for the session.
  if (trouble !== null && isDiskTrouble(trouble)) throw trouble;
  return outcome;
}

/** Loaded only for the few tasks that demand something. */
async function completionOf(
  world: AttemptWorld,
  doneWhen: DoneWhen,
  { context }: Pick<RunOptions, "context">,
): Promise<Completion> {
  const { createCompletion } = await import("./completion.ts");
  return createCompletion(doneWhen, { tools: world.agent.can.tools, context });
}

function runOptions(
  world: AttemptWorld,
  task: Task,
  signal: AbortSignal,
): Omit<RunOptions, "history" | "completion"> {
  const context = toolContext(world, task);
  const limits: RunLimits = {
    steps: world.agent.limits.steps,
    runtimeSeconds: world.agent.limits.runtimeSeconds,
    answerChars,
    callsPerTurn,
  };
  return {
    persona: persona(world, context),
    textPath: isLong(task.request.text) ? keepText(world, task) : null,
    model: world.agent.model,
    limits,
    context,
    signal,
  };
}

const persona = (world: AttemptWorld, { files }: Pick<ToolContext, "files">): Persona => ({
  name: world.agent.name,
  system: world.system.name,
  instructions: world.instructions,
  skills: world.agent.skills,
  workspace: files.workspace,
  readable: files.readable.filter((path) => path !== files.workspace),
  writable: files.writable.filter((path) => path !== files.workspace),
});

/** The queue is out of reach for tools, so a long text gets a copy where they can read it. */
function keepText(world: AttemptWorld, task: Task): string | null {
  const { workspace } = world.paths;
  const path = join(workspace, ".con", "tasks", `${task.id}.txt`);
  try {
    storeWithin({ roots: [workspace], denied: [] }, path, Buffer.from(task.request.text));
    return path;
  } catch (error) {
    // The agent's own doing, e.g. a link in place of the directory; the task's head must do.
    if (!(error instanceof Denied)) throw error;
    world.log.warn("the text of a task could not be kept", { task: task.id, why: error.message });
    return null;
  }
}

function toolContext(world: AttemptWorld, task: Task): Omit<ToolContext, "callId" | "signal"> {
  const { agent, paths } = world;
  const shell = shellPolicy(agent, world.isolation);
  const isolation: Isolation =
    world.isolation === "bwrap"
      ? { kind: "bwrap", policy: sandboxPolicy(agent, paths, shell) }
      : { kind: "none", workspace: paths.workspace };
  return {
    agent: agent.name,
    task: { id: task.id, from: task.from.name, trust: task.trust },
    files: filePolicy(agent, paths),
    shell,
    execute: createExecute({
      isolation,
      limits: sandboxLimits(shell),
      environment: toolEnvironment(paths, task.id),
    }),
    peers: createPeers(world, task),
  };
}
