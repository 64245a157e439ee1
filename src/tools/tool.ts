/**
 * What a tool is. A tool gets everything it may touch through `ToolContext`; it opens no path,
 * starts no process and sends no task by any other way.
 */

import type { Execute } from "../sandbox/exec.ts";
import type { RunThrowaway } from "../sandbox/throwaway/types.ts";
import type { SkillEntry } from "../skill/types.ts";
import type { FramedAnswer } from "../task/frame.ts";
import type { Woken } from "../task/hold.ts";
import type { Trust } from "../task/task.ts";
import type {
  AskModel,
  AskSteward,
  AskWeb,
  CallFacts,
  Embedding,
  Goals,
  MemoryDesk,
  ModelGrants,
  Plans,
  SharedMemories,
  Spawning,
} from "./desks.ts";
import type { ForgeDesk } from "./forge/desk.ts";
import type { FilePolicy, Peers, ShellPolicy } from "./policies.ts";
import type { ToolResult } from "./result.ts";

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

export interface GivenSkill extends SkillEntry {
  /** Absolute path of SKILL.md. */
  readonly path: string;
  /** Its other files, relative to its folder. */
  readonly files?: readonly string[];
}

export interface WokenCall extends Pick<Woken, "answers" | "over"> {
  /** An answer as data for the model. */
  readonly frame: (answer: FramedAnswer) => string;
}

export interface ToolContext {
  readonly agent: string;
  readonly task: {
    readonly id: string;
    readonly from: string;
    readonly trust: Trust;
    /** It has read words of strangers: what it says from then on is a stranger's word. */
    readonly tainted?: boolean;
  };
  /** Earlier calls of this task that have their result, the latest first. Absent where nobody knows. */
  readonly calls?: () => readonly CallFacts[];
  /** Unique within the task and safe as part of a file name, e.g. `3-1`. */
  readonly callId: string;
  readonly signal: AbortSignal;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly files: FilePolicy;
  readonly shell: ShellPolicy;
  /** Runs one program inside the policy above: the only way for a tool to start a process. */
  readonly execute: Execute;
  /** Program and first arguments of what works on data files, to be run by `execute`. Absent where there is none. */
  readonly dataProgram?: readonly [string, ...string[]];
  /** Who makes vectors of texts now. Absent where nobody does. */
  readonly embedding?: () => Promise<Embedding>;
  /** Runs code that nobody has to trust, by whoever is granted a tool for it. Absent where nothing is installed. */
  readonly sandbox?: RunThrowaway;
  /** Where forged tools lie. Absent where none can be made. */
  readonly forge?: ForgeDesk;
  /** Pages, files and searches. Absent where there is no browser. */
  readonly web?: AskWeb;
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
  /** What it was given to work by. */
  readonly skills?: readonly GivenSkill[];
  /** Asks a model, within the budget of the task. Absent where tools have none. */
  readonly ask?: AskModel;
  /** Which models `ask` takes. */
  readonly models?: ModelGrants;
  /** What the agent can do, for a model that advises it. */
  readonly abilities?: readonly Pick<Tool, "name" | "description">[];
}
