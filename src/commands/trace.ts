/**
 * `con trace ID`: the whole story of a task, step by step, out of its journal and of what is on record about it:
 * audit trail, steward, incidents. Reads only. The journal is the agent's own: nobody but it and root may read it.
 */
import { join } from "node:path";
import { decodeLines } from "../agent/journal.ts";
import type { SystemRuntime } from "../config/runtime.ts";
import { agentPaths } from "../spool/layout.ts";
import type { Link } from "../system/chain.ts";
import { nodeDisk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import type { Goal } from "../task/goal/types.ts";
import { isId } from "../task/id.ts";
import { asRoot, denied, joinTrusted } from "./shared/access.ts";
import { findTask } from "./shared/find.ts";
import { type Io, paint, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { readOwned } from "./shared/read.ts";
import { type StoryEvent, storyOf } from "./shared/story.ts";
import { loadSystem } from "./shared/system.ts";
import { safeJson, safeLine } from "./shared/text.ts";
import { differences } from "./trace/compare.ts";
import { type Gathered, gather } from "./trace/gather.ts";
import { goalAt, goalJson, goalLines } from "./trace/goal.ts";
import { timeline } from "./trace/timeline.ts";

const example = `As root: everything, because a journal holds all that an agent read and did. In the group trusted: what
the audit trail, the steward and the contracts have on record about the task and those that belong to it.

Keys of --json: id, agent, events [{kind, at, elapsed_ms, and as they apply step, index, name,
arguments, ok, interrupted, sent, text, model, tokens, cost_usd, tool_calls, duration_ms, outcome, round, checks,
wait_for, until, denial, tokens_before, tokens_after, window, replaced, layer, verdict, score}], journal (read, denied or missing), audit, actions and incidents (lines of those records,
with seq), related {parents, children, replies, others}, hidden (records that you may not read), differences
(between journal and audit trail), goal {goal, final, replans, parts [{id, to, state, depends_on, attempts}]} or null.

Example:
  con trace hello
  con trace hello --json | jq '.events[] | select(.kind == "tool-intent")'`;

/** Journals of long runs are big; this is as much as is read. */
const journalLimit = 256 << 20;
const shownCharacters = 300;

/** Whose task it is, as far as the caller can see. */
interface Traced {
  readonly id: string;
  readonly agent: string;
  /** Null where there is none, or none that the caller may read; `trouble` says why. */
  readonly events: readonly StoryEvent[] | null;
  readonly trouble: ConError | null;
  readonly gathered: Gathered;
  /** What it is to reach by parts that others do; null where there is none, or none that may be read. */
  readonly goal: Goal | null;
}

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("trace", "Show what an agent did for a task.", example)
    .argument("<id>", "which task")
    .option("--full", "do not shorten arguments and results")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<{ json?: boolean; full?: boolean }>();
  const traced = trace(loadSystem(io.env).runtime, command.args[0] ?? "");
  if (options.json) io.out(safeJson(asJson(traced)));
  else print(io, traced, options.full ? Number.POSITIVE_INFINITY : shownCharacters);
  return exit.ok;
}

function trace(system: SystemRuntime, wanted: string): Traced {
  const { id, agent, trouble } = locate(system, wanted);
  const journal = trouble ?? readJournal(system, id, agent);
  const events = journal instanceof ConError ? null : journal;
  const sent = (events ?? []).flatMap((event) => event.sent ?? []);
  const gathered = gather(nodeDisk, system.root, id, sent);
  const owner = agent === "" ? ownerOf(gathered, id) : agent;
  const nothing = gathered.audit.length === 0;
  if (journal instanceof ConError && nothing) throw betterRemedy(journal, gathered);
  return {
    ...{ id, agent: owner, events, gathered },
    goal: events === null ? null : goalAt(system, id, owner),
    trouble: journal instanceof ConError ? journal : null,
  };
}

/** People of group `trusted` see no folder of the queue, and still the audit trail. */
function locate(
  system: SystemRuntime,
  wanted: string,
): { readonly id: string; readonly agent: string; readonly trouble: ConError | null } {
  try {
    const { id, agent } = findTask(nodeDisk, system, wanted);
    return { id, agent: agent.name, trouble: null };
  } catch (error) {
    if (!(error instanceof ConError) || !isId(wanted)) throw error;
    return { id: wanted, agent: "", trouble: error };
  }
}

/** Who claimed it. */
function ownerOf({ audit }: Gathered, id: string): string {
  const own = audit.filter(({ record }) => record["task"] === id);
  const claimed = own.find(({ record }) => record["state"] === "claimed") ?? own[0];
  const agent = claimed?.record["agent"];
  return typeof agent === "string" ? agent : "?";
}

const betterRemedy = (error: ConError, { hidden }: Gathered): ConError =>
  error.code === exit.permission && hidden.length > 0
    ? new ConError(error.code, error.what, error.why, `${asRoot}, or ${joinTrusted}`)
    : error;

/** The journal's events, or why there are none. */
function readJournal(
  system: SystemRuntime,
  id: string,
  agent: string,
): readonly StoryEvent[] | ConError {
  const path = join(agentPaths(system.root, agent).journal, `${id}.jsonl`);
  const uid = system.agents.find(({ name }) => name === agent)?.uid ?? -1;
  const reading = readOwned(nodeDisk, path, uid, journalLimit);
  const fail = (why: string, remedy: string) =>
    new ConError(exit.badInput, `trace of ${id}`, why, remedy);
  switch (reading.kind) {
    case "denied":
      return denied(`trace of ${id}`, path, asRoot);
    case "missing":
      return fail("it has no journal", `it is ${placeOf(system, id)}; see con show ${id}`);
    case "refused":
      throw fail(`the journal is not read, for ${reading.why}`, `look at ${path}`);
    case "text": {
      const decoded = decodeLines(reading.text);
      if (decoded.ok) return storyOf(decoded.lines);
      throw fail(`line ${decoded.line} of the journal ${decoded.why}`, `look at ${path}`);
    }
  }
}

const placeOf = (system: SystemRuntime, id: string): string => findTask(nodeDisk, system, id).place;

function print(
  io: Io,
  { id, agent, events, trouble, gathered, goal }: Traced,
  limit: number,
): void {
  io.out(`${paint(io, "bold", safeLine(`${id} at ${agent}`))}\n`);
  if (trouble !== null) io.err(`con: ${safeLine(`without the journal: ${trouble.why}`)}\n`);
  const moments = timeline({ id, agent }, events, gathered, limit);
  const first = Date.parse(events?.[0]?.at ?? "");
  const start = Number.isFinite(first) ? first : (moments[0]?.at ?? 0);
  for (const { at, text } of moments) {
    const elapsed = Number.isFinite(at - start) ? ((at - start) / 1000).toFixed(3) : "?";
    io.out(`${paint(io, "dim", `${elapsed.padStart(9)} s`)}  ${safeLine(text)}\n`);
  }
  for (const line of goal === null ? [] : goalLines(goal)) io.out(`${safeLine(line)}\n`);
  for (const name of gathered.hidden)
    io.err(`con: ${safeLine(`the record of ${name} is missing here: you may not read it`)}\n`);
}

const plain = ({ seq, record }: Link) => ({ ...record, seq });

/** Keys of `con trace --json`: public interface, change only by adding. */
function asJson({ id, agent, events, trouble, gathered, goal }: Traced) {
  const { audit, actions, incidents, related, hidden } = gathered;
  const own = audit.filter(({ record }) => record["task"] === id && record["agent"] === agent);
  return {
    id,
    agent,
    events: events ?? [],
    journal: trouble === null ? "read" : trouble.code === exit.permission ? "denied" : "missing",
    audit: audit.map(plain),
    actions: actions.map(plain),
    incidents: incidents.map(plain),
    related,
    hidden,
    goal: goal === null ? null : goalJson(goal),
    differences: events === null ? [] : differences(events, own),
  };
}
