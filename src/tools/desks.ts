/** Services that the runner offers to tools: memory, other models, the steward, plans, goals. Types only. */

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

/** The memory of the agent, for one task. Never throws; results are for the model. */
export interface MemoryDesk {
  readonly remember: (
    wanted: Remembering,
    callId: string,
    signal: AbortSignal,
  ) => Promise<ToolResult>;
  readonly recall: (asked: Recalling, signal: AbortSignal) => Promise<ToolResult>;
  readonly forget: (id: string, callId: string) => Promise<ToolResult>;
  readonly verify: (id: string, evidence: string, callId: string) => Promise<ToolResult>;
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
  readonly recall: (directory: string, asked: Recalling, signal: AbortSignal) => Promise<string>;
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
  readonly replace: (text: string) => void;
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
