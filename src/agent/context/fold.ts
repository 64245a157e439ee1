/** What compaction lines change in the state of a run. Pure. */
import type { Message } from "../../model/types.ts";
import type { Tally } from "../../task/task.ts";
import type { Compaction, CompactionCall, ContextLine, ExtractedMemory } from "./lines.ts";

export interface ContextState {
  /** Compactions so far, those without a model included. */
  readonly compactions: number;
  /** How often in a row a model could not do it. */
  readonly failures: number;
  /** Tokens that a provider is known to take, or null. */
  readonly learned: number | null;
  /** Memories that nobody has taken yet. */
  readonly unkept: readonly { readonly n: number; readonly memories: readonly ExtractedMemory[] }[];
}

export const freshContext: ContextState = {
  compactions: 0,
  failures: 0,
  learned: null,
  unkept: [],
};

interface Changed {
  readonly messages: readonly Message[];
  readonly tally: Tally;
  readonly context: ContextState;
}

export function advanceContext<State extends Changed>(state: State, line: ContextLine): State {
  const { context } = state;
  switch (line.kind) {
    case "compaction-intent":
      return state;
    case "compaction-call":
      return { ...state, tally: addCall(state.tally, line) };
    case "compaction-failed":
      return { ...state, context: { ...context, failures: context.failures + 1 } };
    case "compaction":
      return {
        ...state,
        messages: replaced(state.messages, line),
        context: afterCompaction(context, line),
      };
    case "memories-kept": {
      if (line.why !== null) return state;
      const unkept = context.unkept.filter(({ n }) => n !== line.n);
      return { ...state, context: { ...context, unkept } };
    }
  }
}

/** The task's model and its steps stay what they were. */
const addCall = (tally: Tally, { usage, costUsd }: CompactionCall): Tally => ({
  ...tally,
  tokens: { input: tally.tokens.input + usage.input, output: tally.tokens.output + usage.output },
  costUsd: tally.costUsd + costUsd,
});

export function replaced(
  messages: readonly Message[],
  { from, to, text, edits }: Pick<Compaction, "from" | "to" | "text" | "edits">,
): Message[] {
  const edited = [...messages];
  for (const { at, message } of edits) edited[at] = message;
  const inPlace: Message[] = text === null ? [] : [{ role: "user", content: text }];
  return [...edited.slice(0, from), ...inPlace, ...edited.slice(to)];
}

function afterCompaction(context: ContextState, line: Compaction): ContextState {
  const { n, how, memories, learned } = line;
  return {
    compactions: n,
    failures: how === "summary" ? 0 : context.failures,
    learned: learned === null ? context.learned : Math.min(learned, context.learned ?? learned),
    unkept: memories.length === 0 ? context.unkept : [...context.unkept, { n, memories }],
  };
}
