/**
 * The tool calls of one model turn: which run, in which order, and what the model is told.
 *
 * Never: runs a call twice, or a call whose arguments do not fit its schema. A call that was begun
 * before a crash is reported, not repeated: whether it happened is for the model to find out.
 */
import type { Message, ToolCall } from "../model/types.ts";
import type { Tool, ToolResult } from "../tools/tool.ts";
import { parseArguments } from "./arguments.ts";
import type { CallResult } from "./journal.ts";
import type { Turn } from "./resume.ts";
import type { Run } from "./run.ts";

const interruptedText =
  "interrupted: the system stopped during this call. It may or may not have happened. " +
  "Check before you do it again.";

/** Returns when every call of the turn has its result. */
export async function finishTurn(run: Run, turn: Turn): Promise<void> {
  const open = turn.calls.map((_, at) => at + 1).filter((index) => !turn.results.has(index));
  const cut = open.filter((index) => turn.begun.has(index));
  const fresh = open.filter((index) => !turn.begun.has(index));
  for (const index of cut) {
    const result = { ok: false, text: interruptedText };
    run.record(resultLine(run, turn, index, result, true));
  }
  const sideBySide = turn.calls.every(({ name }) => findTool(run, name)?.parallel === true);
  if (sideBySide) await runTogether(run, turn, fresh);
  else for (const index of fresh) await runAlone(run, turn, index);
}

/** Its result goes to the disk together with the next intent, in any case before the next act. */
async function runAlone(run: Run, turn: Turn, index: number): Promise<void> {
  const prepared = await prepare(run, turn, index);
  const result =
    typeof prepared === "function" ? await begin(run, turn, [index], prepared) : prepared;
  run.record(resultLine(run, turn, index, result));
}

function begin<T>(run: Run, turn: Turn, indexes: readonly number[], act: () => T): T {
  for (const index of indexes) {
    const call = callAt(turn, index);
    run.record({
      kind: "tool-intent",
      step: turn.step,
      index,
      name: call.name,
      arguments: call.arguments,
      at: run.now(),
    });
  }
  run.commit();
  return act();
}

/** Each result is on disk as soon as it is there: the others may take long. */
async function runTogether(run: Run, turn: Turn, indexes: readonly number[]): Promise<void> {
  const prepared = await Promise.all(
    indexes.map(async (index) => ({ index, act: await prepare(run, turn, index) })),
  );
  const runnable = prepared.filter(({ act }) => typeof act === "function");
  const ends = await begin(
    run,
    turn,
    runnable.map(({ index }) => index),
    () => Promise.allSettled(prepared.map((one) => runOne(run, turn, one.index, one.act))),
  );
  // Nobody works on when the first of them reports that the journal is gone.
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

async function runOne(run: Run, turn: Turn, index: number, act: Prepared): Promise<void> {
  const result = typeof act === "function" ? await act() : act;
  run.record(resultLine(run, turn, index, result));
  run.commit();
}

/** The act of a call that may run, or at once the result of one that may not. */
type Prepared = ToolResult | (() => Promise<ToolResult>);

async function prepare(run: Run, turn: Turn, index: number): Promise<Prepared> {
  const call = callAt(turn, index);
  if (run.signal.aborted) return refuse("not run: the task was stopped before this call.");
  const { callsPerTurn } = run.options.limits;
  if (index > callsPerTurn)
    return refuse(`not run: at most ${callsPerTurn} calls in one turn. Call again for the rest.`);
  const tool = findTool(run, call.name);
  if (tool === null) {
    const known = run.tools.map(({ name }) => name).join(", ");
    return refuse(`there is no tool "${call.name}". The tools are: ${known}.`);
  }
  const parsed = await parseArguments(call.name, call.arguments, run.validate);
  if (!parsed.ok) return refuse(badArguments(tool, parsed.why));
  return () => act(run, tool, parsed.args, `${turn.step}-${index}`);
}

const refuse = (text: string): ToolResult => ({ ok: false, text });

const badArguments = (tool: Tool, why: string): string =>
  `not run: ${why}. The arguments of ${tool.name} must fit this JSON Schema: ` +
  JSON.stringify(tool.parameters);

async function act(
  run: Run,
  tool: Tool,
  args: Readonly<Record<string, unknown>>,
  callId: string,
): Promise<ToolResult> {
  try {
    return await tool.run(args, { ...run.options.context, callId, signal: run.signal });
  } catch (error) {
    // A tool that throws is a bug of ours; the model can go on without it.
    const why = error instanceof Error ? error.message : String(error);
    return refuse(`internal error in tool ${tool.name}: ${why}`);
  }
}

function resultLine(
  run: Run,
  turn: Turn,
  index: number,
  result: ToolResult,
  interrupted = false,
): CallResult {
  const call = callAt(turn, index);
  const times = timesMade(run.state.messages, call);
  const hint = times < repeatsBeforeHint ? "" : repeatHint(times);
  return {
    kind: "tool-result",
    step: turn.step,
    index,
    ok: result.ok,
    text: result.text + hint,
    interrupted,
    sent: result.sent ?? null,
    at: run.now(),
  };
}

const repeatsBeforeHint = 3;

const repeatHint = (times: number): string =>
  `\n[You made exactly this call ${times} times. Its result will not change by repeating it: ` +
  "try another way, or answer with what you know.]";

/** The latest turn's calls are part of `messages` already. */
const timesMade = (messages: readonly Message[], call: ToolCall): number =>
  messages
    .flatMap((message) => (message.role === "assistant" ? (message.tool_calls ?? []) : []))
    .filter(
      (made) =>
        made.type === "function" &&
        made.function.name === call.name &&
        made.function.arguments === call.arguments,
    ).length;

const findTool = (run: Run, name: string): Tool | null =>
  run.tools.find((tool) => tool.name === name) ?? null;

function callAt(turn: Turn, index: number): ToolCall {
  const call = turn.calls[index - 1];
  if (call === undefined) throw new RangeError(`turn ${turn.step} has no call ${index}`);
  return call;
}
