/** Services that the runner offers to tools: memory, other models, the steward, plans, goals. Types only. */

import type { WebAnswer, WebRequest } from "../browser/wire.ts";
import type { Goal } from "../task/goal/types.ts";
import type { Denial, ModelUsage, ToolResult } from "./result.ts";

export type MemoryKind = "fact" | "observation" | "decision" | "preference" | "procedure";

export interface Remembering {
  readonly category: string;
  readonly title: string;
  readonly text: string;
  readonly kind: MemoryKind;
  /** Ids. */
  readonly replaces: readonly string[];
  /** Epoch milliseconds, or null. */
  readonly expires: number | null;
}

export interface Recalling {
  readonly query: string;
  readonly category: string | null;
  readonly kind: MemoryKind | null;
  /** Also what was said in threads. */
  readonly includePast: boolean;
}

/** The call that wants something of the memory, and what the runner knows of its task. */
export interface Caller {
  readonly callId: string;
  /** The task has read words of strangers: what it says from then on is a stranger's word. */
  readonly tainted: boolean;
}

/** What became of an earlier call of the task, as the journal has it. */
export interface CallFacts {
  /** E.g. `3-1`: step and place in its turn. */
  readonly id: string;
  readonly tool: string;
  readonly ok: boolean;
  /** When it ended the task had read no word of a stranger, its own result included. */
  readonly clean: boolean;
  /** When it ended, epoch milliseconds. */
  readonly at: number;
}

/** Why a memory is true, in a form that the runner can look at. */
export interface Proof {
  /** Id of an earlier call of the task, or `task` for the words of its sender. */
  readonly source: string;
  /** What was seen; of `task`, words that stand in it. */
  readonly text: string;
}

/** The memory of the agent, for one task. Never throws; results are for the model. */
export interface MemoryDesk {
  readonly remember: (
    wanted: Remembering,
    caller: Caller,
    signal: AbortSignal,
  ) => Promise<ToolResult>;
  readonly recall: (asked: Recalling, signal: AbortSignal) => Promise<ToolResult>;
  readonly forget: (id: string, caller: Caller) => Promise<ToolResult>;
  readonly verify: (
    id: string,
    proof: Proof,
    caller: Caller & { readonly calls: readonly CallFacts[] },
  ) => Promise<ToolResult>;
  readonly list: (of: {
    readonly category: string | null;
    readonly id: string | null;
  }) => Promise<ToolResult>;
}

/**
 * Memories as files in directories that several agents reach by their grants. Throws for a path as the file tools do,
 * and the reason of the signal.
 */
export interface SharedMemories {
  /** The path of the file. */
  readonly share: (directory: string, wanted: Remembering, callId: string) => Promise<string>;
  /** Framed as data, for the model. */
  readonly recall: (
    directory: string,
    asked: Recalling,
    signal: AbortSignal,
  ) => Promise<{
    readonly text: string;
    /** It holds words that this agent did not write. */
    readonly untrusted: boolean;
  }>;
}

/** Models that an agent may use, by their aliases. */
export interface ModelGrants {
  readonly own: string;
  /** Beside its own. */
  readonly granted: readonly string[];
  /** Grants that were and are over → epoch milliseconds. */
  readonly ended: Readonly<Record<string, number>>;
  /** Of each alias that it may use: tokens of its window, null = unknown. */
  readonly windows: Readonly<Record<string, number | null>>;
}

/** As the chat wire format has them, as far as tools need it. */
export interface QuestionMessage {
  readonly role: "system" | "user";
  readonly content: string | readonly QuestionPart[];
}

export type QuestionPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: { readonly url: string } };

export interface ModelQuestion {
  readonly alias: string;
  readonly messages: readonly QuestionMessage[];
  /** The answer shall be JSON of this form, one of those that are compiled (roles/forms.ts). */
  readonly form?: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> };
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
}

/** Never throws. `usage` is of all calls that it took. */
export type AskModel = (question: ModelQuestion, signal: AbortSignal) => Promise<ModelAnswer>;

export type ModelAnswer =
  | {
      readonly ok: true;
      readonly text: string;
      /** Of a question with a form. */
      readonly value: unknown;
      /** Who answered, e.g. `openai/gpt-5`. */
      readonly model: string;
      readonly usage: ModelUsage;
    }
  | {
      readonly ok: false;
      /**
       * `denied`: a rule says no, see `denial`. `stopped`: by the signal. `unable`: no language model answers.
       * `too_long`: the question does not fit its window. `invalid`: not the form, time and again; then `text` is
       * the last answer. `failed`: all else, e.g. it is away.
       */
      readonly kind: "denied" | "stopped" | "unable" | "too_long" | "invalid" | "failed";
      readonly why: string;
      readonly denial?: Denial;
      readonly text?: string;
      readonly usage: ModelUsage;
    };

/**
 * Hands a request to the steward; the same call asks once. The answer comes as a task of root. `wait`: how the
 * call is going to wait for it, so that an answer which overtakes a crash finds somebody who waits.
 */
export type AskSteward = (
  request: Readonly<Record<string, unknown>> & { readonly verb: string },
  callId: string,
  wait?: { readonly until: number; readonly why: string; readonly also?: readonly string[] },
) => Promise<
  { readonly ok: true; readonly id: string } | { readonly ok: false; readonly why: string }
>;

/** What it takes to ask for temporary agents, beside the steward. */
export interface Spawning {
  /** Why this task may have none; null = it may. */
  readonly refusal: string | null;
  /** What their tasks carry on from this one. */
  readonly carried: {
    readonly thread: string | null;
    readonly hops: number;
    readonly via: readonly string[];
    /** For whom of its own senders this agent asks. */
    readonly on_behalf_of?: string;
  };
  /** Counts calls of tools that they get as made here; null when they are counted. The same call counts once. */
  /** Names of the roles that there are for this agent, and how many may live at a time. */
  readonly roles?: readonly string[];
  readonly live?: number;
  readonly giveAway: (calls: Readonly<Record<string, number>>, callId: string) => Denial | null;
}

/** A full or failing disk puts the task off. */
export interface Plans {
  /** Null where there is none. */
  readonly read: () => string | null;
  /** `tainted`: the task has read words of strangers, and so whoever reads the plan does. */
  readonly replace: (text: string, by: { readonly tainted: boolean }) => void;
  readonly clear: () => void;
}

/** What this task's goal is and how far it came: kept out of reach of tool children. A full or failing disk puts the task off. */
export interface Goals {
  /** Null where there is none. */
  readonly load: () => Goal | null;
  readonly save: (goal: Goal) => void;
  /** Keeps a long text where the file tools of this agent can read it; the path, or null. */
  readonly keep: (name: string, text: string) => string | null;
  /** Unguessable, for frames. */
  readonly nonce: () => string;
}

/** Makes vectors of texts. `embed` throws when it cannot, or not as this model. */
export interface Embedding {
  readonly model: string;
  readonly dimensions: number;
  readonly embed: (
    texts: readonly string[],
    signal: AbortSignal,
  ) => Promise<readonly Float32Array[]>;
}

/** One request to the browser of this machine. Never throws. */
export type AskWeb = (request: WebRequest, signal: AbortSignal) => Promise<Fetched>;

export interface Fetched {
  readonly answer: WebAnswer;
  /** Of a page. */
  readonly markdown: string;
  /** Of a file. */
  readonly file: Buffer;
  /** PNG. */
  readonly screenshot: Buffer | null;
}
