/** What lines of the cascade, and what came after them, change in the state of a run. Pure. */
import type { Message, ToolCall } from "../../model/types.ts";
import type { CascadeLine } from "./lines.ts";

export interface CascadeState {
  /** Alias that a layer chose; null = the agent's own. */
  readonly model: string | null;
  /** The rule engine took the task. */
  readonly reflex: boolean;
  /** The latest calls were made by the rule engine, and one of them failed. */
  readonly stumbled: boolean;
  /** A model called a tool, whatever became of the call. */
  readonly usedTools: boolean;
  /** The gateway warned that a budget is nearly spent. */
  readonly warned: boolean;
  /** The quality of an answer was looked at: it is once. */
  readonly judged: boolean;
  /** The answer that a better model was asked to replace. */
  readonly poor: string | null;
}

export const freshCascade: CascadeState = {
  model: null,
  reflex: false,
  stumbled: false,
  usedTools: false,
  warned: false,
  judged: false,
  poor: null,
};

interface Changed {
  readonly cascade: CascadeState;
  readonly messages: readonly Message[];
  readonly answer: string | null;
  readonly said: string;
}

export function advanceCascade<State extends Changed>(state: State, line: CascadeLine): State {
  const { cascade } = state;
  const isHit = line.verdict === "hit";
  switch (line.layer) {
    case "reflex":
      return { ...state, cascade: { ...cascade, reflex: isHit } };
    case "route":
      return { ...state, cascade: { ...cascade, model: line.model ?? null } };
    case "escalate": {
      const judged = { ...cascade, judged: true };
      if (!isHit) return { ...state, cascade: judged };
      // The better model is asked as if nobody had been asked before.
      return {
        ...state,
        cascade: { ...judged, model: line.model ?? null, poor: state.answer },
        messages: state.messages.slice(0, -1),
        answer: null,
      };
    }
    case "exact":
    case "semantic":
    case "documents":
    case "warnings":
    case "learn":
      return state;
  }
}

export const afterTurn = (
  cascade: CascadeState,
  reply: { readonly toolCalls: readonly ToolCall[]; readonly warned?: boolean },
): CascadeState => ({
  ...cascade,
  usedTools: cascade.usedTools || reply.toolCalls.length > 0,
  warned: cascade.warned || reply.warned === true,
});

export const afterToolResult = (
  cascade: CascadeState,
  { ok }: { readonly ok: boolean },
): CascadeState => (ok ? cascade : { ...cascade, stumbled: true });
