/**
 * Folds journal lines into the state of a run: what was said, what it cost, what is still open.
 *
 * The loop advances the same state with each line that it writes, so a run that was cut and resumed
 * and a run that was not cannot differ. Pure apart from that one object.
 */
import type { Message } from "../model/types.ts";
import type { Tally } from "../task/task.ts";
import { advanceBrakes, freshBrakes } from "./brakes/fold.ts";
import { advanceCascade, afterToolResult, afterTurn } from "./cascade/fold.ts";
import { advanceContext } from "./context/fold.ts";
import { withExec } from "./exec-line.ts";
import type { CallResult, JournalLine, ModelResult } from "./journal.ts";
import { freshState, type RunState, type Turn } from "./state.ts";
import { afterCall, noHabits } from "./stuck.ts";
import { tainting, withCall } from "./taint.ts";
import { effectiveCall } from "./toolbox/effective.ts";
import { withUsage } from "./usage.ts";
import { wireArguments, wireName, wireText } from "./wire.ts";

export const fold = (lines: readonly JournalLine[]): RunState => lines.reduce(advance, freshState);

/** The state after one more line. */
export const advance = (state: RunState, line: JournalLine): RunState =>
  changed(tainting(state, line), line);

function changed(state: RunState, line: JournalLine): RunState {
  switch (line.kind) {
    case "attempt":
    case "model-error":
    case "check-intent":
      return state;
    case "model-intent":
      return { ...state, modelHold: null };
    case "model-hold":
      return { ...state, modelHold: line };
    case "prompt":
      return {
        ...state,
        messages: line.messages,
        head: line.messages.length,
        tally: withUsage(state.tally, line.usage),
      };
    case "model-result":
      return afterReply(state, line);
    case "note":
      return { ...told(state, line.text), nudged: true };
    case "check-result": {
      const made = { ...state, checks: line.results, rounds: line.round };
      return line.text === null ? made : { ...told(made, line.text), nudged: false };
    }
    case "tool-intent":
      return withTurn(state, (turn) => ({
        ...turn,
        begun: new Set([...turn.begun, line.index]),
        holds: without(turn.holds, line.index),
      }));
    case "tool-hold":
      return withTurn(addChild(state, line.sent), (turn) => ({
        ...turn,
        begun: new Set([...turn.begun].filter((index) => index !== line.index)),
        holds: new Map([...turn.holds, [line.index, line]]),
      }));
    case "tool-result":
      return closeTurn(
        withTurn(addChild(counted(state, line), line.sent), (turn) => ({
          ...turn,
          holds: without(turn.holds, line.index),
          results: new Map([...turn.results, [line.index, line]]),
        })),
      );
    case "compaction-intent":
    case "compaction-call":
    case "compaction-failed":
    case "compaction":
    case "memories-kept":
      return advanceContext(state, line);
    case "review":
    case "brake-intent":
    case "brake-summary":
    case "brake-hold":
    case "brake-end":
      return advanceBrakes(state, line);
    case "cascade":
      return advanceCascade(state, line);
    case "exec":
      return {
        ...state,
        steps: state.steps + (line.event === "call" ? 1 : 0),
        tally: withExec(state.tally, line),
      };
    case "final":
      return { ...state, final: line.outcome };
    case "retry":
      return {
        ...state,
        final: null,
        modelHold: null,
        answer: null,
        steps: 0,
        toolCalls: 0,
        brakes: { ...freshBrakes, passed: state.brakes.passed },
        habits: noHabits,
        nudged: false,
        checks: null,
        rounds: 0,
        retries: state.retries + 1,
      };
  }
}

/** The answer was not the end: the model is told why. */
const told = (state: RunState, text: string): RunState => ({
  ...state,
  answer: null,
  messages: [...state.messages, { role: "user", content: text }],
});

function afterReply(state: RunState, line: ModelResult): RunState {
  const said = line.text.trim() === "" ? state.said : line.text;
  return {
    ...state,
    said,
    answer: line.toolCalls.length === 0 ? line.text : null,
    messages: [...state.messages, assistantMessage(line)],
    steps: state.steps + 1,
    nudged: line.toolCalls.length > 0 ? false : state.nudged,
    tally: addReply(state.tally, line),
    cascade: afterTurn(state.cascade, line),
    turn:
      line.toolCalls.length === 0
        ? null
        : {
            step: line.step,
            calls: line.toolCalls.map(effectiveCall),
            begun: new Set(),
            holds: new Map(),
            results: new Map(),
          },
  };
}

function assistantMessage(line: ModelResult): Message {
  if (line.toolCalls.length === 0) return { role: "assistant", content: wireText(line.text) };
  return {
    role: "assistant",
    content: line.text.trim() === "" ? null : wireText(line.text),
    tool_calls: line.toolCalls.map(({ id, name, arguments: raw }) => ({
      id,
      type: "function",
      function: { name: wireName(name), arguments: wireArguments(raw) },
    })),
  };
}

const addReply = (tally: Tally, line: ModelResult): Tally => ({
  ...tally,
  model: line.model,
  steps: tally.steps + 1,
  tokens: {
    input: tally.tokens.input + line.usage.input,
    output: tally.tokens.output + line.usage.output,
  },
  costUsd: tally.costUsd + line.costUsd,
});

const addChild = (state: RunState, sent: string | null): RunState =>
  sent === null
    ? state
    : { ...state, tally: { ...state.tally, children: [...state.tally.children, sent] } };

/** Nothing takes it back: neither a compaction nor a message of the runner. */
const counted = (state: RunState, line: CallResult): RunState => {
  const { index, ok, usage } = line;
  const call = state.turn?.calls[index - 1];
  return {
    ...state,
    toolCalls: state.toolCalls + 1,
    calls: withCall(state, line, call?.name ?? ""),
    cascade: afterToolResult(state.cascade, { ok }),
    habits: call === undefined ? state.habits : afterCall(state.habits, call, ok),
    tally: withUsage(state.tally, usage),
  };
};

const without = (holds: Turn["holds"], index: number): Turn["holds"] =>
  new Map([...holds].filter(([held]) => held !== index));

const withTurn = (state: RunState, change: (turn: Turn) => Turn): RunState =>
  state.turn === null ? state : { ...state, turn: change(state.turn) };

/** When every call has its result, the results follow in the order of the calls. */
function closeTurn(state: RunState): RunState {
  const { turn } = state;
  if (turn === null || turn.results.size < turn.calls.length) return state;
  const results = turn.calls.map((call, at): Message => {
    const content = wireText(turn.results.get(at + 1)?.text ?? "");
    return { role: "tool", tool_call_id: call.id, content };
  });
  return { ...state, messages: [...state.messages, ...results], turn: null };
}
