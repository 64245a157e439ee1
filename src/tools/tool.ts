/**
 * What a tool is. A tool gets everything it may touch through `ToolContext`; it opens no path,
 * starts no process and sends no task by any other way.
 */
import type { Execute } from "../sandbox/exec.ts";
import type { FramedAnswer } from "../task/frame.ts";
import type { Goal } from "../task/goal/types.ts";
import type { Hold, Woken } from "../task/hold.ts";
import type { Trust } from "../task/task.ts";

export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, `additionalProperties: false`. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** True when calls of one model turn may run side by side (read-only, or independent). */
  readonly parallel: boolean;
  /**
   * True when the same call made twice does one thing, because all that it does collapses by `callId`:
   * a call that a crash cut is then made again instead of being reported as interrupted.
   */
  readonly repeatable?: boolean;
  /** Must not throw for anything the model can cause; a throw is a bug and is reported as such. */
  readonly run: (
    args: Readonly<Record<string, unknown>>,
    context: ToolContext,
  ) => Promise<ToolResult>;
  /**
   * Makes the result of a call of this tool whose waiting is over; without it the result is the answers. Asked again
   * after a crash with the same answers: it must come to the same. Its result does not wait again.
   */
  readonly onWoken?: (woken: WokenCall, context: ToolContext) => Promise<ToolResult>;
}

export interface WokenCall extends Pick<Woken, "answers" | "over"> {
  /** An answer as data for the model. */
  readonly frame: (answer: FramedAnswer) => string;
}

export interface ToolResult {
  readonly ok: boolean;
  /** What the model reads. Already cut to the output limit by the tool. */
  readonly text: string;
  /** Id of the task that this call sent to another agent. */
  readonly sent?: string;
  /** A rule refused the call; `text` says the same in words. */
  readonly denial?: Denial;
  /** There is no result yet: the task waits, and what comes back becomes the result. */
  readonly hold?: Hold;
  /** What models cost that this call asked. The loop fills it in, whatever became of the call. */
  readonly usage?: ModelUsage;
}

/** In tokens and US dollars. */
export interface ModelUsage {
  readonly input: number;
  readonly output: number;
  readonly costUsd: number;
}

/** A refusal as a value; `denial.ts` makes them. */
export type DenialCode =
  /** No grant covers it. */
  | "not_granted"
  /** A grant covered it and has ended. */
  | "expired"
  /** Too many calls in the last minute. */
  | "rate"
  /** All calls that were granted are made. */
  | "used_up"
  | "approval_denied"
  | "over_budget"
  /** Nobody can be granted this path. */
  | "bad_path"
  /** The kernel said no: owner, mode, access list or mount. */
  | "kernel"
  /** The steward refused a request. */
  | "refused"
  /** It could not be found out whether it is permitted. */
  | "undecided";

export interface Denial {
  readonly code: DenialCode;
  /** e.g. `write /srv/con/artifacts/x`. */
  readonly asked: string;
  /** e.g. `can.write in /etc/con/agents.d/NAME.yaml`. */
  readonly rule: string;
  /** What to do to be permitted it, or instead. */
  readonly how: string;
}

export interface ToolContext {
  readonly agent: string;
  readonly task: { readonly id: string; readonly from: string; readonly trust: Trust };
  /** Unique within the task and safe as part of a file name, e.g. `3-1`. */
  readonly callId: string;
  readonly signal: AbortSignal;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly files: FilePolicy;
  readonly shell: ShellPolicy;
  /** Runs one program inside the policy above: the only way for a tool to start a process. */
  readonly execute: Execute;
  readonly peers: Peers;
  /** Absent where there is no steward. */
  readonly steward?: AskSteward;
  /** Absent for who may make no temporary agents. */
  readonly spawning?: Spawning;
  /** The plan of this thread. */
  readonly plans?: Plans;
  /** Absent where nothing is remembered. */
  readonly memory?: MemoryDesk;
  /** Absent where nothing can be shared. */
  readonly sharing?: SharedMemories;
  /** The goal of this task. */
  readonly goals?: Goals;
  /** It may ask for grants for itself, by request_grant. */
  readonly asksForGrants?: boolean;
  /** Asks a model, within the budget of the task. Absent where tools have none. */
  readonly ask?: AskModel;
  /** Which models `ask` takes. */
  readonly models?: ModelGrants;
  /** What the agent can do, for a model that advises it. */
  readonly abilities?: readonly Pick<Tool, "name" | "description">[];
}

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

/** Which real directories the file tools may reach. Absolute, canonical, no trailing slash. */
export interface FilePolicy {
  readonly workspace: string;
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  /** Never reached although a directory above is granted. The longest matching path decides. */
  readonly denied: readonly string[];
  /** Grants that were and are over, so that a refusal can say so. */
  readonly ended?: readonly EndedGrant[];
}

export interface EndedGrant {
  readonly use: "read" | "write";
  readonly directory: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface ShellPolicy {
  /** `none` exists for `con dev` only, which says so loudly. */
  readonly isolation: "bwrap" | "none";
  /** True only when the manifest grants network; the packet rules still hold by uid. */
  readonly network: boolean;
  readonly defaultTimeoutSeconds: number;
  readonly maxTimeoutSeconds: number;
  /** Per process, bytes of address space. */
  readonly memoryBytes: number;
  readonly maxProcesses: number;
  /** Characters of output that go back to the model; the whole goes to a file. */
  readonly replyChars: number;
  /** Bytes of output kept on disk per call; more is discarded and said. */
  readonly outputBytes: number;
}

export interface PeerInfo {
  readonly name: string;
  readonly tier: string;
  readonly description: string;
  /** Whether this agent may task it. */
  readonly reachable: boolean;
  readonly state: string;
  readonly pending: number;
}

/** Other agents, as far as the kernel lets this one see and reach them. */
export interface Peers {
  readonly list: () => readonly PeerInfo[];
  readonly send: (to: string, text: string) => SendResult;
  /** As `send`, for a call that waits for the answer; the same call asks once. */
  readonly ask: (
    to: string,
    text: string,
    call: {
      readonly callId: string;
      readonly until: number;
      /** What is asked, where a call asks more than one: the same key asks once, whichever call it is. */
      readonly key?: string;
      /** What else the same call waits for. */
      readonly also?: readonly string[];
    },
  ) => SendResult;
  /** Answers the sender of the current task. */
  readonly reply: (text: string) => SendResult;
}

export type SendResult =
  | { readonly ok: true; readonly id: string; readonly to: string }
  /** With a denial where a rule says no. */
  | { readonly ok: false; readonly why: string; readonly denial?: Denial };
