/**
 * `con trace ID`: the whole story of a task out of its journal, step by step. Reads only. The
 * journal is the agent's own: nobody but it and root may read it.
 */
import { join } from "node:path";
import { decodeLines } from "../agent/journal.ts";
import type { SystemRuntime } from "../config/types.ts";
import { agentPaths } from "../spool/layout.ts";
import { nodeDisk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { asRoot, denied } from "./shared/access.ts";
import { type Found, findTask } from "./shared/find.ts";
import { type Io, paint, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { readOwned } from "./shared/read.ts";
import { type StoryEvent, storyOf } from "./shared/story.ts";
import { loadSystem } from "./shared/system.ts";
import { cut, safeJson, safeLine } from "./shared/text.ts";

const example = `Needs root: a journal holds all that an agent read and did.

Keys of --json: id, agent, events [{kind, at, elapsed_ms, and as they apply step, index, name,
arguments, ok, interrupted, sent, text, model, tokens, cost_usd, tool_calls, duration_ms, outcome, round, checks}].

Example:
  con trace hello
  con trace hello --json | jq '.events[] | select(.kind == "tool-intent")'`;

/** Journals of long runs are big; this is as much as is read. */
const journalLimit = 256 << 20;
const shownCharacters = 300;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("trace", "Show what an agent did for a task.", example)
    .argument("<id>", "which task")
    .option("--full", "do not shorten arguments and results")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<{ json?: boolean; full?: boolean }>();
  const system = loadSystem(io.env).runtime;
  const found = findTask(nodeDisk, system, command.args[0] ?? "");
  const events = storyOf(readJournal(system, found));
  const { id, agent } = found;
  if (options.json) io.out(safeJson({ id, agent: agent.name, events }));
  else print(io, found, events, options.full ? Number.POSITIVE_INFINITY : shownCharacters);
  return exit.ok;
}

function readJournal(system: SystemRuntime, { id, agent, place }: Found) {
  const path = join(agentPaths(system.root, agent.name).journal, `${id}.jsonl`);
  const reading = readOwned(nodeDisk, path, agent.uid, journalLimit);
  const fail = (why: string, remedy: string) =>
    new ConError(exit.badInput, `trace of ${id}`, why, remedy);
  switch (reading.kind) {
    case "denied":
      throw denied(`trace of ${id}`, path, asRoot);
    case "missing":
      throw fail("it has no journal", `it is ${place}; see con show ${id}`);
    case "refused":
      throw fail(`the journal is not read, for ${reading.why}`, `look at ${path}`);
    case "text": {
      const decoded = decodeLines(reading.text);
      if (decoded.ok) return decoded.lines;
      throw fail(`line ${decoded.line} of the journal ${decoded.why}`, `look at ${path}`);
    }
  }
}

function print(io: Io, found: Found, events: readonly StoryEvent[], limit: number): void {
  io.out(`${paint(io, "bold", `${found.id} at ${found.agent.name}`)}\n`);
  for (const event of events) {
    const time = `${(event.elapsed_ms / 1000).toFixed(3).padStart(9)} s`;
    io.out(`${paint(io, "dim", time)}  ${safeLine(sentence(event, limit))}\n`);
  }
}

/** Pure: one event in words. */
export function sentence(event: StoryEvent, limit: number): string {
  const text = cut(event.text ?? "", limit);
  const took = event.duration_ms === undefined ? "" : `${event.duration_ms} ms`;
  const call = `${event.step}.${event.index}`;
  switch (event.kind) {
    case "attempt":
      return "attempt begins";
    case "prompt":
      return "prompt written";
    case "model-intent":
      return `model call ${event.step}`;
    case "model-result": {
      const { input, output } = event.tokens ?? { input: 0, output: 0 };
      const cost = `${input} tokens in, ${output} out, ${event.cost_usd} USD`;
      const calls = event.tool_calls === 0 ? "" : `; ${event.tool_calls} tool calls`;
      return `model ${event.model} answered in ${took} (${cost})${calls}: ${text}`;
    }
    case "model-error":
      return `model call ${event.step} failed after ${took}: ${text}`;
    case "tool-intent":
      return `tool ${call} ${event.name} ${cut(event.arguments ?? "", limit)}`;
    case "tool-result": {
      const verdict = event.interrupted ? "interrupted" : event.ok ? "ok" : "error";
      return `tool ${call} ${verdict}${took === "" ? "" : ` in ${took}`}: ${text}`;
    }
    case "check-intent":
      return `completion checks, round ${event.round}`;
    case "check-result": {
      const results = (event.checks ?? []).map(
        ({ name, state, found }) => `${name}: ${state}, ${found}`,
      );
      const said = cut(results.join("; "), limit);
      return `completion checks, round ${event.round}, made in ${took}: ${said}`;
    }
    case "final":
      return `${event.outcome}: ${text}`;
    default:
      return `${event.kind}: ${text}`;
  }
}
