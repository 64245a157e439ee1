/**
 * The tool calls of one model turn: which run, in which order, and what the model is told. What is called is what the
 * model meant (toolbox/effective.ts): gates, limits and journal know no other call.
 *
 * Never: runs a call twice, one whose arguments do not fit its schema, or one that its gate stops. A
 * call that was begun before a crash is reported, not repeated, unless its tool says that repeating is
 * harmless: whether it happened is for the model to find out.
 */

import type { ToolResult } from "../tools/result.ts";
import type { Tool, WokenCall } from "../tools/tool.ts";
import { parseArguments } from "./arguments.ts";
import { framed } from "./context/render.ts";
import { factsFor } from "./facts.ts";
import type { GatedCall } from "./gate.ts";
import { callIdOf, faultOf, holdLine, settleWoken, wokenOf } from "./held.ts";
import type { JournalLine } from "./journal.ts";
import { callAt, resultLine } from "./result.ts";
import { JournalTrouble, type Run } from "./run.ts";
import type { Turn } from "./state.ts";
import { wrapFault } from "./toolbox/effective.ts";
import { counting } from "./usage.ts";

export const interruptedText =
  "interrupted: the system stopped during this call. It may or may not have happened. " +
  "Check before you do it again.";

const goneText = `${interruptedText} Its tool is not there any more.`;

const stoppedText = "not run: the task was stopped before this call.";

/** Returns when every call of the turn has its result or waits for it. */
export async function finishTurn(run: Run, turn: Turn): Promise<void> {
  const waiting = await settleWoken(run, turn, (index, woken) =>
    afterWaiting(run, turn, index, woken),
  );
  const tools = await Promise.all(turn.calls.map(({ name }) => run.toolbox.find(name)));
  const open = turn.calls
    .map((_, at) => at + 1)
    .filter((index) => !turn.results.has(index) && !turn.holds.has(index));
  const isCut = (index: number): boolean =>
    turn.begun.has(index) && tools[index - 1]?.repeatable !== true;
  for (const index of open.filter(isCut)) {
    const text = tools[index - 1] == null ? goneText : interruptedText;
    run.record(resultLine(run, turn, index, refuse(text), true));
  }
  const runnable = [...waiting, ...open.filter((index) => !isCut(index))].sort((a, b) => a - b);
  const sideBySide = tools.every((tool) => tool?.parallel === true);
  if (sideBySide) await runTogether(run, turn, runnable);
  else for (const index of runnable) await runAlone(run, turn, index);
}

/** Its result goes to the disk together with the next intent, in any case before the next act. */
async function runAlone(run: Run, turn: Turn, index: number): Promise<void> {
  const prepared = await prepare(run, turn, index);
  if (typeof prepared !== "function") return run.record(endLine(run, turn, index, prepared, true));
  const result = await begin(run, turn, [index], prepared);
  run.record(endLine(run, turn, index, result, false));
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
  const runs = typeof act === "function";
  run.record(endLine(run, turn, index, runs ? await act() : act, !runs));
  run.commit();
}

/** The act of a call that may run, or at once the result of one that may not. */
type Prepared = ToolResult | (() => Promise<ToolResult>);

async function prepare(run: Run, turn: Turn, index: number): Promise<Prepared> {
  const call = callAt(turn, index);
  if (run.signal.aborted) return refuse(turn.begun.has(index) ? interruptedText : stoppedText);
  const { callsPerTurn } = run.options.limits;
  if (index > callsPerTurn)
    return refuse(`not run: at most ${callsPerTurn} calls in one turn. Call again for the rest.`);
  const fault = wrapFault(call);
  if (fault !== null) return refuse(fault);
  const callId = callIdOf(turn.step, index);
  // Looked up anew: a call before it in this turn may have made it.
  const tool = await run.toolbox.find(call.name);
  if (tool === null) return unknownTool(run, call.name, callId);
  const parsed = await parseArguments(call.arguments, (args) => run.toolbox.check(tool, args));
  if (!parsed.ok) return badArguments(run, tool, parsed.why);
  // Begun before: the gate let it pass then, and is not asked twice.
  const stop = turn.begun.has(index)
    ? null
    : await askGate(run, {
        tool: tool.name,
        args: parsed.args,
        callId,
        woken: wokenOf(run, callId),
      });
  return stop ?? (() => act(run, tool, parsed.args, callId));
}

/** What a tool makes of the end of its waiting; null where it makes nothing of it. */
async function afterWaiting(
  run: Run,
  turn: Turn,
  index: number,
  woken: WokenCall,
): Promise<ToolResult | null> {
  const tool = await run.toolbox.find(callAt(turn, index).name);
  if (tool?.onWoken === undefined) return null;
  const callId = callIdOf(turn.step, index);
  const given = run.options.context;
  const usage = counting(given.ask);
  try {
    const context = { ...given, ...usage.context, ...factsFor(run), callId, signal: run.signal };
    const made = await tool.onWoken(woken, context);
    return made === null ? null : usage.settle(made);
  } catch (error) {
    if (error instanceof JournalTrouble) throw error;
    // A bug of ours; what was answered is not lost by it.
    const why = error instanceof Error ? error.message : String(error);
    const answers = woken.answers.map(({ from, id, text }) => woken.frame({ from, id, text }));
    const text = [`internal error in tool ${tool.name}: ${why}`, ...answers].join("\n\n");
    return usage.settle({ ...refuse(text), untrusted: true });
  }
}

/** The gate knows whether it is one that this agent was not given; nobody is asked about one that is not there. */
async function unknownTool(run: Run, name: string, callId: string): Promise<ToolResult> {
  const refused = run.toolbox.isGranted(name)
    ? null
    : await askGate(run, { tool: name, args: {}, callId, woken: null });
  return refused ?? refuse(await run.toolbox.missing(name));
}

const refuse = (text: string): ToolResult => ({ ok: false, text });

/** Fails closed. */
async function askGate(run: Run, call: GatedCall): Promise<ToolResult | null> {
  try {
    return await run.gate(call);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuse(`not run: internal error before tool ${call.tool}: ${why}`);
  }
}

/** With the schema, so that the next try is right. */
function badArguments(run: Run, tool: Tool, why: string): ToolResult {
  const schema = JSON.stringify(tool.parameters);
  const begin = `not run: ${why}. The arguments of ${tool.name} must fit this JSON Schema:`;
  const origin = run.toolbox.originOf(tool.name);
  if (origin === "con") return refuse(`${begin} ${schema}`);
  const cut = schema.length <= schemaChars ? schema : `${schema.slice(0, schemaChars)} … (cut)`;
  const text = `${begin}\n${framed("schema", run.nonce(), [cut.toWellFormed()])}`;
  return { ...refuse(text), ...(origin === "untrusted" ? { untrusted: true } : {}) };
}

const schemaChars = 8_000;

async function act(
  run: Run,
  tool: Tool,
  args: Readonly<Record<string, unknown>>,
  callId: string,
): Promise<ToolResult> {
  const given = run.options.context;
  const usage = counting(given.ask);
  try {
    const context = { ...given, ...usage.context, ...factsFor(run), callId, signal: run.signal };
    return usage.settle(await tool.run(args, context));
  } catch (error) {
    if (error instanceof JournalTrouble) throw error;
    // A tool that throws is a bug of ours; the model can go on without it.
    const why = error instanceof Error ? error.message : String(error);
    return usage.settle(refuse(`internal error in tool ${tool.name}: ${why}`));
  }
}

function endLine(
  run: Run,
  turn: Turn,
  index: number,
  result: ToolResult,
  gate: boolean,
): JournalLine {
  const { hold, sent = null } = result;
  if (hold === undefined) return resultLine(run, turn, index, result);
  const fault = faultOf(run, callIdOf(turn.step, index), hold, gate);
  const doubt = result.untrusted === true ? ({ untrusted: true } as const) : {};
  if (fault === null) return holdLine(run, turn.step, index, { ...hold, sent, gate, ...doubt });
  return resultLine(run, turn, index, {
    ...refuse(`no result: ${fault}.`),
    ...(sent === null ? {} : { sent }),
  });
}
