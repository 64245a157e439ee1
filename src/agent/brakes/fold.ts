/** What lines about brakes change in the state of a run. Pure. */
import type { Message, SpendNeed } from "../../model/types.ts";
import type { Tally } from "../../task/task.ts";
import { withUsage } from "../usage.ts";
import type { BrakeHeld, BrakeLine } from "./lines.ts";

export interface BrakeState {
  /** How often people let it go on. */
  readonly passed: number;
  /** Tool calls at the latest review since the counter began. */
  readonly reviewed: number;
  /** What the model said when it was stopped, until people have decided; else null. */
  readonly summary: string | null;
  readonly hold: BrakeHeld | null;
}

export const freshBrakes: BrakeState = { passed: 0, reviewed: 0, summary: null, hold: null };

interface Changed {
  readonly messages: readonly Message[];
  readonly tally: Tally;
  readonly toolCalls: number;
  readonly brakes: BrakeState;
  readonly modelHold: { readonly need: SpendNeed } | null;
}

export function advanceBrakes<State extends Changed>(state: State, line: BrakeLine): State {
  const { brakes } = state;
  switch (line.kind) {
    case "review":
      return { ...told(state, line.text), brakes: { ...brakes, reviewed: line.calls } };
    case "brake-intent":
      return { ...state, modelHold: null };
    case "brake-summary":
      return {
        ...state,
        tally: withUsage(state.tally, { ...line.usage, costUsd: line.costUsd }),
        brakes: { ...brakes, summary: line.text },
      };
    case "brake-hold":
      return { ...state, brakes: { ...brakes, hold: line } };
    case "brake-end":
      return {
        ...told(state, line.text),
        toolCalls: 0,
        brakes: { ...freshBrakes, passed: brakes.passed + 1 },
      };
  }
}

const told = <State extends Changed>(state: State, text: string): State => ({
  ...state,
  messages: [...state.messages, { role: "user", content: text }],
});
