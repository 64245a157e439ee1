/** What a rule of the reflex engine is. Types only. */

export interface ReflexCall {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}

/** A call and the text that the tool gave back. */
export interface Outcome {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** What a matcher took out of the task's text, by name. */
export type Found = Readonly<Record<string, string>>;

export interface Rule {
  /** In words for people: completes "I do not … for a sender that is not verified". */
  readonly intent: string;
  /** Null: this rule does not apply. */
  readonly match: (text: string) => Found | null;
  /** True for all that reads, changes or sends what the sender chose. */
  readonly verifiedOnly: boolean;
  /** True where the answer is the same whoever the agent is: facts about the machine and its agents. */
  readonly sure?: true;
  /** At most four, all in one turn. */
  readonly calls: (found: Found) => readonly ReflexCall[];
  /** The final answer; `outcomes` are in the order of the calls, without those that had no tool. */
  readonly answer: (found: Found, outcomes: readonly Outcome[]) => string;
}
