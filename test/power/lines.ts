/** What the job inside says, line by line. A line that the cut tore is no line: nothing was promised by it. Pure. */

export interface FoundTask {
  readonly id: string;
  readonly status: string;
  readonly error: string | null;
  /** The drop that the answer says was written; empty: it says none; null: there is no answer. */
  readonly written: string | null;
  /** How the answer begins that says nothing was written. */
  readonly said: string;
}

export interface FoundAgent {
  readonly agent: string;
  readonly tasks: readonly FoundTask[];
  readonly effects: readonly string[];
  readonly broken: readonly string[];
  readonly refused: readonly string[];
}

export interface Ran {
  readonly code: number | null;
  readonly text: string;
}

export interface State {
  readonly kind: "state";
  /** Tasks that have not ended after all patience. */
  readonly left: readonly string[];
  readonly agents: readonly FoundAgent[];
  readonly chains: Ran;
  readonly drift: Ran;
  readonly databases: readonly { readonly path: string; readonly says: string }[];
  readonly failed: string;
}

export interface Durable {
  readonly kind: "durable";
  readonly agent: string;
  readonly drop: string;
  /** Begins the task's id. */
  readonly id: string;
}

export interface LimitLine {
  readonly kind: "memory" | "memory-free" | "tasks" | "tasks-free" | "cpu" | "cpu-free";
  readonly code: number | null;
  readonly result: string;
  readonly text: string;
}

export type Line =
  | State
  | Durable
  | LimitLine
  | { readonly kind: "booted"; readonly system: string }
  | { readonly kind: "feeding" | "end" }
  | { readonly kind: "drop"; readonly agent: string; readonly drop: string }
  | { readonly kind: "groups"; readonly controllers: string }
  | {
      readonly kind: "agent";
      readonly memory: string;
      readonly tasks: string;
      readonly cpu: string;
    }
  | { readonly kind: "trouble"; readonly why: string };

/** Null for what is no whole line of ours. */
export function parseLine(text: string): Line | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && "kind" in value ? (value as Line) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
