/**
 * One attempt at a task, put together: journal on disk, prompt, tools, sandbox, model.
 *
 * Never: throws for what a task, a model or a tool does; throws for a full or failing disk, and then
 * the session leaves the task where it is. After a crash the next attempt goes on from the journal.
 */
import { randomBytes } from "node:crypto";
import type { Section } from "../agent/background.ts";
import type { JournalLine } from "../agent/journal.ts";
import type { RunLimits } from "../agent/limits.ts";
import { runTask } from "../agent/loop.ts";
import { isLong, type Persona } from "../agent/prompt.ts";
import type { Completion, RunDeps, RunOptions } from "../agent/run.ts";
import { taints } from "../agent/taint.ts";
import { defaultAskAfter, defaultReviewEvery } from "../config/brakes.ts";
import type { ExecRunner } from "../config/types.ts";
import { isDiskTrouble } from "../system/disk.ts";
import type { DoneWhen } from "../task/done-when/types.ts";
import type { Woken } from "../task/hold.ts";
import { emptyTally, type Outcome, type Task } from "../task/task.ts";
import { shortened } from "../task/text.ts";
import type { ToolContext } from "../tools/tool.ts";
import type { AttemptWorld } from "./attempt-world.ts";
import { createTeller } from "./audit/events.ts";
import { type CascadeDesk, createCascade } from "./cascade.ts";
import type { Attempt } from "./ends.ts";
import { type OpenJournal, openJournal } from "./journal-file.ts";
import { planSection } from "./plans.ts";
import { windowsOf } from "./policy.ts";
import { keepText, shelve } from "./texts.ts";
import { toolContext } from "./tool-context.ts";
import { createToolkit, describedIn, grantedTools, type Toolkit } from "./toolkit.ts";

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
  const { runner } = world.agent;
  if (runner !== undefined) return byProgram(world, runner, task, { journal, append, signal });
  world.memory?.begun(task);
  const kit = await createToolkit(world);
  const known = await knownOf(world, task, { lines: journal.lines, signal });
  const cascade = cascadeOf(world, kit, task);
  const options = runOptions(world, task, { known, signal, kit });
  const { doneWhen } = task.request;
  const completion = doneWhen === null ? null : await completionOf(world, doneWhen, options);
  const outcome = await runTask(depsOf(world, task, { kit, append }), task, {
    ...options,
    ...(cascade === null ? {} : { cascade: cascade.cascade }),
    completion,
    history: journal.lines,
    woken: woken.map((one) => inline(world, one)),
  });
  // The loop only puts the task off; what to do about the disk is for the session.
  const stuck: unknown = trouble;
  if (lines.some(taints)) world.memory?.tainted(task);
  await cascade?.settle(outcome, lines, append);
  if (stuck !== null && isDiskTrouble(stuck)) throw stuck;
  return outcome;
}

/** Loaded only where the manifest names a program. */
async function byProgram(
  world: AttemptWorld,
  runner: ExecRunner,
  task: Task,
  { journal, append, signal }: ProgramDesk,
): Promise<Outcome> {
  const { attemptByProgram } = await import("./exec/attempt.ts");
  const { doneWhen } = task.request;
  const completion = async (): Promise<Completion | null> => {
    if (doneWhen === null) return null;
    const kit = await createToolkit(world);
    return completionOf(world, doneWhen, { context: toolContext(world, task, kit) });
  };
  return attemptByProgram(world, runner, task, {
    lines: journal.lines,
    append,
    signal,
    completion,
  });
}

interface ProgramDesk extends Pick<RunDeps["journal"], "append"> {
  readonly journal: OpenJournal;
  readonly signal: AbortSignal;
}

function depsOf(
  world: AttemptWorld,
  task: Task,
  { kit, append }: { readonly kit: Toolkit } & Pick<RunDeps["journal"], "append">,
): RunDeps {
  const keep = world.memory?.keep(task) ?? null;
  return {
    model: world.model,
    ...kit,
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
}

const cascadeOf = (world: AttemptWorld, kit: Toolkit, task: Task): CascadeDesk | null =>
  createCascade({ ...world, tools: describedIn(kit) }, task);

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

/** Loaded only for the few tasks that demand something. */
async function completionOf(
  world: AttemptWorld,
  doneWhen: DoneWhen,
  { context }: Pick<RunOptions, "context">,
): Promise<Completion> {
  const { createCompletion } = await import("./completion.ts");
  // Whoever demands a check decides alone: what waits for people is not had that way.
  const waits = world.agent.approval.map(({ tool }) => tool);
  const names = grantedTools(world).map(({ name }) => name);
  const tools = names.filter((name) => !waits.includes(name));
  return createCompletion(doneWhen, { tools, context });
}

function runOptions(
  world: AttemptWorld,
  task: Task,
  {
    known,
    signal,
    kit,
  }: { readonly known: readonly Section[]; readonly signal: AbortSignal; readonly kit: Toolkit },
): Omit<RunOptions, "history" | "completion"> {
  const context = toolContext(world, task, kit);
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
