/** Threads as their users see them: turns, summaries, and what may be asked of them. */
import type { SourceTrust } from "./types.ts";

export interface Turn {
  /** Id of the task. */
  readonly task: string;
  /** Epoch milliseconds of its end. */
  readonly at: number;
  readonly from: string;
  readonly trust: SourceTrust;
  /** done, failed or cancelled. */
  readonly status: string;
  readonly asked: string;
  /** Where the whole text lies, for a text that was cut. */
  readonly askedPath: string | null;
  readonly answer: string;
  readonly answerPath: string | null;
}

export interface Conversation {
  readonly summary: Summary | null;
  /** Those that the summary does not stand for, oldest first. */
  readonly turns: readonly Turn[];
}

export interface Summary {
  readonly text: string;
  /** `unverified` where one of its turns is. */
  readonly trust: SourceTrust;
  /** Of how many turns. */
  readonly turns: number;
}

export interface ThreadEntry {
  readonly principal: string;
  readonly thread: string;
  readonly turns: number;
  /** Of the latest turn, epoch milliseconds. */
  readonly newest: number;
  readonly summary: string | null;
}

export interface TurnFound extends Turn {
  readonly thread: string;
}

export interface Threads {
  /** False: it was kept before. A task that ended once more, because it was retried, has its latest end. */
  addTurn(principal: string, thread: string, turn: Turn): boolean;
  conversation(principal: string, thread: string): Conversation;
  /** From now on the summary stands for the turns of these tasks too. */
  summarize(principal: string, thread: string, text: string, tasks: readonly string[]): void;
  /** The best first. */
  searchTurns(principals: readonly string[], text: string, limit: number): TurnFound[];
  /** Latest first. */
  threads(principals: readonly string[]): ThreadEntry[];
  /** Threads of anybody in which a turn ended at or after this moment. */
  since(moment: number): Pick<ThreadEntry, "principal" | "thread">[];
}
