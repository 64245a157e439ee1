/** Which files, programs and other agents a tool may reach. Types only. */
import type { Denial } from "./result.ts";

/** Which real directories the file tools may reach. Absolute, canonical, no trailing slash. */
export interface FilePolicy {
  readonly workspace: string;
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  /** Never reached although a directory above is granted. The longest matching path decides. */
  readonly denied: readonly string[];
  /** Grants that were and are over, so that a refusal can say so. */
  readonly ended?: readonly EndedGrant[];
  /** Uids whose files hold no words of strangers: root, the agent, trusted people. Absent = nobody's. */
  readonly owners?: readonly number[];
  /** Where former versions of files are kept; absent = none are. */
  readonly archive?: ArchivePolicy;
}

/** Out of reach of the tools but for those that restore; `denied` covers it. Sizes are bytes. */
export interface ArchivePolicy {
  readonly directory: string;
  /** Of one version that is kept because a file is written over. */
  readonly versionBytes: number;
  readonly versionsPerFile: number;
  /** Of all versions and deleted files together: beyond it, the oldest go. */
  readonly totalBytes: number;
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
