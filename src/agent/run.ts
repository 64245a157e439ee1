/**
 * One attempt in progress: the state, and the lines that are not on disk yet.
 *
 * The rule of the journal lives here: `record` changes the state at once, `commit` puts everything
 * recorded on disk with one sync; whoever is about to act commits first.
 */
import type { StreamModel, ToolSpec } from "../model/types.ts";
import type { CheckResult } from "../task/done-when/types.ts";
import type { Woken } from "../task/hold.ts";
import type { Task } from "../task/task.ts";
import type { Tool, ToolContext } from "../tools/tool.ts";
import type { ValidateArguments } from "./arguments.ts";
import type { AskSpending } from "./ask-spending.ts";
import type { Section } from "./background.ts";
import type { AskToContinue } from "./brakes/ask-continue.ts";
import type { Cascade } from "./cascade/look.ts";
import type { KeepMemories } from "./context/lines.ts";
import { createMeter, type Meter } from "./context/meter.ts";
import { type LoadCounter, loadCounter } from "./context/tokens.ts";
import type { Summarizer, Window } from "./context/window.ts";
import type { Gate } from "./gate.ts";
import type { JournalLine } from "./journal.ts";
import type { RunLimits } from "./limits.ts";
import type { Persona } from "./prompt.ts";
import { advance, fold } from "./resume.ts";
import type { RunState } from "./state.ts";
import { plainToolbox, type Toolbox } from "./toolbox/plain.ts";

interface Deadline {
  readonly signal: AbortSignal;
  readonly clear: () => void;
}

export interface RunClock {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Aborts after `ms`, unless cleared. */
  readonly deadline: (ms: number) => Deadline;
}

/** Appends and syncs; when it returns, the lines survive a power cut. Throws when it cannot. */
export interface JournalWriter {
  readonly append: (lines: readonly JournalLine[]) => void;
}

export interface RunDeps {
  readonly model: StreamModel;
  /** Those that come with con. */
  readonly tools: readonly Tool[];
  readonly validate: ValidateArguments;
  /** What the model sees of all that there is; absent = `tools`, each in full. */
  readonly toolbox?: Toolbox;
  readonly journal: JournalWriter;
  readonly clock: RunClock;
  /** A fresh unguessable nonce, ≥ 64 random bits as hex. */
  readonly nonce: () => string;
  /** Asked before each tool call. */
  readonly gate?: Gate;
  /** Takes what is worth remembering when a conversation is compacted; absent = nothing is extracted. */
  readonly keep?: KeepMemories;
  /** Keeps a text that the model gets shortened; returns where its tools can read it, or null. */
  readonly shelve?: (name: string, text: string) => string | null;
  readonly loadCounter?: LoadCounter;
  /** Asked when a model call needs more than the task may spend without people's word. */
  readonly askSpending?: AskSpending;
  /** Asked when a task makes call after call. */
  readonly askToContinue?: AskToContinue;
}

/** The completion checks of one task, ready to be made. */
export interface Completion {
  /** How often the checks are made at most. */
  readonly rounds: number;
  /** Why checks of this sender are not made by this agent; null = they are. */
  readonly refusal: string | null;
  /** What the checks find may be words of strangers. */
  readonly untrusted?: boolean;
  /** Makes every check, in order. Never throws for what a check finds. */
  readonly evaluate: (answer: string, signal: AbortSignal) => Promise<readonly CheckResult[]>;
  /** The form in which an answer that passed goes to the sender; absent = as it was given. */
  readonly publish?: (answer: string) => string;
}

export interface RunOptions {
  /** What the journal of this task holds already. */
  readonly history: readonly JournalLine[];
  readonly persona: Persona;
  /** Where the whole text of a long task lies, or null. */
  readonly textPath: string | null;
  /** What the agent knows already, looked up when the task begins. */
  readonly background?: () => readonly Section[];
  /** Cheaper answers than the model's, and which model is asked; none = its own model, always. */
  readonly cascade?: Cascade;
  /** Model alias. */
  readonly model: string;
  /** The model's; absent = unknown. */
  readonly window?: Window;
  /** Asked first to summarize. */
  readonly summarizer?: Summarizer;
  readonly limits: RunLimits;
  readonly context: Omit<ToolContext, "callId" | "signal">;
  /** Null: the answer alone ends the task. */
  readonly completion: Completion | null;
  /** Calls of this task whose waiting is over. */
  readonly woken?: readonly Woken[];
  /** Cancel or shutdown: the run ends with `defer` and can be resumed. */
  readonly signal: AbortSignal;
}

export interface Run extends Pick<RunDeps, "model" | "tools" | "nonce"> {
  readonly toolbox: Toolbox;
  readonly gate: Gate;
  readonly askSpending: AskSpending;
  readonly askToContinue: AskToContinue;
  readonly task: Task;
  readonly options: RunOptions;
  readonly window: Window;
  /** The tools as the model sees them. */
  readonly specs: readonly ToolSpec[];
  readonly meter: Meter;
  readonly keep: KeepMemories | undefined;
  readonly shelve: NonNullable<RunDeps["shelve"]>;
  readonly state: RunState;
  /** Aborts for cancel, shutdown and the end of the time. */
  readonly signal: AbortSignal;
  readonly now: () => string;
  readonly record: (line: JournalLine) => void;
  readonly commit: () => void;
}

/** The journal cannot be written: nothing may be done that it would have to know about. */
export class JournalTrouble extends Error {
  override readonly name = "JournalTrouble";
}

const nobodyToAsk = () =>
  Promise.resolve({ kind: "no", why: "there is nobody to ask here" } as const);

const unknown: Window = { context: null, output: null };

export function createRun(deps: RunDeps, task: Task, options: RunOptions, end: AbortSignal): Run {
  let state = fold(options.history);
  let pending: JournalLine[] = [];
  const window = options.window ?? unknown;
  const toolbox = deps.toolbox ?? plainToolbox(deps.tools, deps.validate);
  const { specs } = toolbox;
  return {
    model: deps.model,
    tools: deps.tools,
    toolbox,
    nonce: deps.nonce,
    gate: deps.gate ?? (() => Promise.resolve(null)),
    askSpending: deps.askSpending ?? nobodyToAsk,
    askToContinue: deps.askToContinue ?? nobodyToAsk,
    task,
    options,
    window,
    specs,
    meter: createMeter(window, specs, deps.loadCounter ?? loadCounter),
    keep: deps.keep,
    shelve: deps.shelve ?? (() => null),
    get state() {
      return state;
    },
    signal: AbortSignal.any([options.signal, end]),
    now: () => new Date(deps.clock.now()).toISOString(),
    record(line) {
      state = advance(state, line);
      pending.push(line);
    },
    commit() {
      if (pending.length === 0) return;
      const lines = pending;
      pending = [];
      try {
        deps.journal.append(lines);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new JournalTrouble(`the journal cannot be written: ${why}`, { cause: error });
      }
    },
  };
}
