/**
 * What a tool is. A tool gets everything it may touch through `ToolContext`; it opens no path,
 * starts no process and sends no task by any other way.
 */
import type { Execute } from "../sandbox/exec.ts";
import type { Hold } from "../task/hold.ts";
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
}

/** Hands a request to the steward; the same call asks once. The answer comes as a task of root. */
export type AskSteward = (
  request: Readonly<Record<string, unknown>> & { readonly verb: string },
  callId: string,
) => Promise<
  { readonly ok: true; readonly id: string } | { readonly ok: false; readonly why: string }
>;

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
    call: { readonly callId: string; readonly until: number },
  ) => SendResult;
  /** Answers the sender of the current task. */
  readonly reply: (text: string) => SendResult;
}

export type SendResult =
  | { readonly ok: true; readonly id: string; readonly to: string }
  /** With a denial where a rule says no. */
  | { readonly ok: false; readonly why: string; readonly denial?: Denial };
