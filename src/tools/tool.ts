/**
 * What a tool is. A tool gets everything it may touch through `ToolContext`; it opens no path,
 * starts no process and sends no task by any other way.
 */
import type { Execute } from "../sandbox/exec.ts";
import type { Trust } from "../task/task.ts";

export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, `additionalProperties: false`. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** True when calls of one model turn may run side by side (read-only, or independent). */
  readonly parallel: boolean;
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
}

export interface ToolContext {
  readonly agent: string;
  readonly task: { readonly id: string; readonly from: string; readonly trust: Trust };
  /** Unique within the task and safe as part of a file name, e.g. `3-1`. */
  readonly callId: string;
  readonly signal: AbortSignal;
  readonly files: FilePolicy;
  readonly shell: ShellPolicy;
  /** Runs one program inside the policy above: the only way for a tool to start a process. */
  readonly execute: Execute;
  readonly peers: Peers;
}

/** Which real directories the file tools may reach. Absolute, canonical, no trailing slash. */
export interface FilePolicy {
  readonly workspace: string;
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  /** Never reached although a directory above is granted. The longest matching path decides. */
  readonly denied: readonly string[];
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
  /** Answers the sender of the current task. */
  readonly reply: (text: string) => SendResult;
}

export type SendResult =
  | { readonly ok: true; readonly id: string; readonly to: string }
  | { readonly ok: false; readonly why: string };
