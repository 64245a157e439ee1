/** What the hostile agent is told, and what it says. Types only: it shares nothing else with the tests. */

export type Argument = string | number | readonly number[];
export type Arguments = Readonly<Record<string, Argument>>;

/** One attempt as it is handed to the agent. */
export interface Order {
  readonly name: string;
  readonly deed: string;
  readonly args: Arguments;
}

/** One line of the agent. `code` is an errno's name, an HTTP status or the like; "" after success. */
export interface Line {
  readonly name: string;
  readonly outcome: "blocked" | "succeeded" | "error";
  readonly code: string;
  readonly detail: string;
}

/** What came of a deed. Errors with an errno are thrown: they are what blocked it. */
export type Deed = (args: Args) => Promise<Done> | Done;

/** Null: nothing stood in the way. A text: what did. */
export type Done = { readonly blockedBy: string | null; readonly detail?: string };

export interface Args {
  readonly text: (name: string) => string;
  readonly number: (name: string) => number;
  readonly numbers: (name: string) => readonly number[];
}
