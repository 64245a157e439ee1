/**
 * One attempt at a task, put together: journal on disk, prompt, tools, sandbox, model.
 *
 * Never: throws for what a task, a model or a tool does; throws for a full or failing disk, and then
 * the session leaves the task where it is. After a crash the next attempt goes on from the journal.
 */
import { randomBytes } from "node:crypto";
import type { ValidateArguments } from "../agent/arguments.ts";
import type { AskSpending } from "../agent/ask-spending.ts";
import type { Section } from "../agent/background.ts";
import type { AskToContinue } from "../agent/brakes/ask-continue.ts";
import type { Gate } from "../agent/gate.ts";
import type { JournalLine } from "../agent/journal.ts";
import type { RunLimits } from "../agent/limits.ts";
import { runTask } from "../agent/loop.ts";
import { isLong, type Persona } from "../agent/prompt.ts";
import type { Completion, RunClock, RunOptions } from "../agent/run.ts";
import { defaultAskAfter, defaultReviewEvery } from "../config/brakes.ts";
import type { AgentRuntime } from "../config/runtime.ts";
import type { StreamModel } from "../model/types.ts";
import { createExecute, type Isolation } from "../sandbox/exec.ts";
import { isDiskTrouble } from "../system/disk.ts";
import type { Log } from "../system/log.ts";
import type { DoneWhen } from "../task/done-when/types.ts";
import type { Woken } from "../task/hold.ts";
import { emptyTally, type Outcome, type Task } from "../task/task.ts";
import { shortened } from "../task/text.ts";
import type { ShellPolicy } from "../tools/policies.ts";
import { withRoles } from "../tools/spawn.ts";
import type { Tool, ToolContext } from "../tools/tool.ts";
import { createAskModel, modelGrants } from "./asking.ts";
import { createTeller } from "./audit/events.ts";
import { recorded } from "./audit/recorded.ts";
import type { AuditTrail } from "./audit.ts";
import { type CascadeDesk, createCascade } from "./cascade.ts";
import type { Attempt } from "./ends.ts";
import { createGoals } from "./goals.ts";
import { type OpenJournal, openJournal } from "./journal-file.ts";
import type { AgentMemory } from "./memory.ts";
import { createPeers, type PeersWorld } from "./peers.ts";
import { createPlans, planSection } from "./plans.ts";
import {
  agentAt,
  askerOf,
  filePolicy,
  sandboxLimits,
  sandboxPolicy,
  shellPolicy,
  toolEnvironment,
  windowsOf,
} from "./policy.ts";
import { createSharing } from "./sharing.ts";
import { createSpawning } from "./spawning.ts";
import { createAskSteward } from "./steward.ts";
import { keepText, shelve } from "./texts.ts";

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
  /** What stands before each tool call of a task (agent/gate.ts); none = every granted tool runs. */
  readonly gateOf?: (task: Task) => Gate;
  /** Who is asked when a task needs more money; none = it is refused. */
  readonly askSpendingOf?: (task: Task) => AskSpending;
  /** Who is asked when a task makes call after call; none = it ends. */
  readonly askToContinueOf?: (task: Task) => AskToContinue;
  /** Where everything is told; null for a run that leaves no audit trail. */
  readonly trail?: AuditTrail;
  /** None = nothing is remembered. */
  readonly memory?: AgentMemory;
}

const answerChars = 1_000_000;
const callsPerTurn = 32;

export const createAttempt =
  (world: AttemptWorld): Attempt =>
  async (task, { signal, woken = [] }) => {
    const journal = openJournal(world.disk, world.paths.journal, task.id);
    if (!journal.ok) return broken(`its journal is damaged: ${journal.why}`);
    try {
      return await attempt(world, task, { signal, woken }, journal);
    } finally {
      journal.close();
      await world.trail?.settle();
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
  { signal, woken }: { readonly signal: AbortSignal; readonly woken: readonly Woken[] },
  journal: OpenJournal,
): Promise<Outcome> {
  let trouble: unknown = null;
  const lines = [...journal.lines];
  const { trail } = world;
  const teller = createTeller(task.id, journal.lines);
  const append = (more: readonly JournalLine[]): void => {
    try {
      journal.writer.append(more);
      lines.push(...more);
      trail?.note(...teller.tell(more));
    } catch (error) {
      trouble = error;
      throw error;
    }
  };
  world.memory?.begun(task);
  const keep = world.memory?.keep(task) ?? null;
  const deps = {
    model: world.model,
    tools: toolsOf(world)
      .map((tool) => withRoles(tool, world.agent.roles ?? []))
      .map((tool) => (trail === undefined ? tool : recorded(tool, trail))),
    validate: world.validate,
    journal: { append },
    clock: world.clock,
    nonce: () => randomBytes(16).toString("hex"),
    shelve: (name: string, text: string) => shelve(world, `${task.id}-${name}`, text),
    ...(keep === null ? {} : { keep }),
    ...(world.gateOf === undefined ? {} : { gate: world.gateOf(task) }),
    ...(world.askToContinueOf === undefined ? {} : { askToContinue: world.askToContinueOf(task) }),
    ...(world.askSpendingOf === undefined ? {} : { askSpending: world.askSpendingOf(task) }),
  };
  const known = await knownOf(world, task, { lines: journal.lines, signal });
  const cascade = cascadeOf(world, task);
  const options = runOptions(world, task, { known, signal });
  const { doneWhen } = task.request;
  const completion = doneWhen === null ? null : await completionOf(world, doneWhen, options);
  const outcome = await runTask(deps, task, {
    ...options,
    ...(cascade === null ? {} : { cascade: cascade.cascade }),
    completion,
    history: journal.lines,
    woken: woken.map((one) => inline(world, one)),
  });
  // The loop only puts the task off; what to do about the disk is for the session.
  const stuck: unknown = trouble;
  await cascade?.settle(outcome, lines, append);
  if (stuck !== null && isDiskTrouble(stuck)) throw stuck;
  return outcome;
}

const cascadeOf = (world: AttemptWorld, task: Task): CascadeDesk | null =>
  createCascade(
    {
      ...world,
      tools: toolsOf(world).map(({ name, description, parameters }) => ({
        ...{ name, description, parameters },
      })),
    },
    task,
  );

/** Looked up once: later attempts find it in the journal. */
function knownOf(
  { memory }: AttemptWorld,
  task: Task,
  { lines, signal }: { readonly lines: readonly JournalLine[]; readonly signal: AbortSignal },
): Promise<readonly Section[]> {
  if (memory === undefined || lines.some(({ kind }) => kind === "prompt")) return none;
  return memory.background(task, signal);
}

const none: Promise<readonly Section[]> = Promise.resolve([]);

const toolsOf = (world: AttemptWorld): Tool[] =>
  world.tools.filter(({ name }) => toolsNow(world).includes(name));

const toolsNow = ({ agent, now }: AttemptWorld): readonly string[] =>
  agentAt(agent, now()).can.tools;

/** Loaded only for the few tasks that demand something. */
async function completionOf(
  world: AttemptWorld,
  doneWhen: DoneWhen,
  { context }: Pick<RunOptions, "context">,
): Promise<Completion> {
  const { createCompletion } = await import("./completion.ts");
  // Whoever demands a check decides alone: what waits for people is not had that way.
  const waits = world.agent.approval.map(({ tool }) => tool);
  const tools = toolsNow(world).filter((name) => !waits.includes(name));
  return createCompletion(doneWhen, { tools, context });
}

function runOptions(
  world: AttemptWorld,
  task: Task,
  { known, signal }: { readonly known: readonly Section[]; readonly signal: AbortSignal },
): Omit<RunOptions, "history" | "completion"> {
  const context = toolContext(world, task);
  const limits: RunLimits = {
    steps: world.agent.limits.steps,
    runtimeSeconds: world.agent.limits.runtimeSeconds,
    answerChars,
    callsPerTurn,
    brakes: {
      reviewEvery: world.agent.limits.reviewEvery ?? defaultReviewEvery,
      askAfter: world.agent.limits.askAfter ?? defaultAskAfter,
    },
  };
  const windows = windowsOf(world.agent);
  const { text } = task.request;
  const isKept = isLong(text, windows.window?.context);
  return {
    persona: persona(world, context),
    textPath: isKept ? keepText(world, task.id, text) : null,
    background: () => [...known, ...planSection(world, task)],
    model: world.agent.model,
    ...windows,
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

/** Bytes of an answer that the model gets whole. */
const answerBytes = 64 * 1024;

const inline = (world: AttemptWorld, woken: Woken): Woken => ({
  ...woken,
  answers: woken.answers.map((answer) => ({
    ...answer,
    text: shortened(answer.text, answerBytes, () => keepText(world, answer.id, answer.text)),
  })),
});

/** Everything that depends on grants is looked up for each call: they may end while the task runs. */
function toolContext(world: AttemptWorld, task: Task): Omit<ToolContext, "callId" | "signal"> {
  const { paths, now } = world;
  const agent = (): AgentRuntime => agentAt(world.agent, now());
  const shell = (): ShellPolicy => shellPolicy(agent(), world.isolation);
  return {
    agent: world.agent.name,
    now,
    task: { id: task.id, from: task.from.name, trust: task.trust },
    get files() {
      return filePolicy(agent(), paths);
    },
    get shell() {
      return shell();
    },
    get execute() {
      return createExecute({
        isolation: isolationOf(world, agent(), shell()),
        limits: sandboxLimits(shell()),
        environment: toolEnvironment(paths, task.id),
      });
    },
    get asksForGrants() {
      return askerOf(agent()).asksForGrants === true;
    },
    get peers() {
      return createPeers({ ...world, agent: agent() }, task);
    },
    // Where nothing is installed, a steward of this machine is none of ours.
    ...(world.isolation === "bwrap" ? { steward: createAskSteward(world, task.id) } : {}),
    ...spawningOf(world, task),
    plans: createPlans(world, task),
    ...(world.memory === undefined ? {} : { memory: world.memory.desk(task) }),
    sharing: createSharing(world, task, () => filePolicy(agent(), paths)),
    goals: createGoals(world, task.id, (name, text) => shelve(world, `${task.id}-${name}`, text)),
    ask: createAskModel(world, task.id),
    get models() {
      return modelGrants(world.agent, now());
    },
    get abilities() {
      return toolsOf(world);
    },
  };
}

function spawningOf(world: AttemptWorld, task: Task): Pick<ToolContext, "spawning"> {
  const spawning = createSpawning(world, task);
  return spawning === null ? {} : { spawning };
}

const isolationOf = (
  { isolation, paths }: AttemptWorld,
  agent: AgentRuntime,
  shell: ShellPolicy,
): Isolation =>
  isolation === "bwrap"
    ? { kind: "bwrap", policy: sandboxPolicy(agent, paths, shell) }
    : { kind: "none", workspace: paths.workspace };
