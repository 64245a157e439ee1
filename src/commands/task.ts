/**
 * `con task MESSAGE`: delivers a task durably, prints its id; with --wait the answer.
 *
 * Once the id is printed the task survives a power cut. Ending the wait, also with Ctrl-C, leaves
 * the task alone.
 */
import type { AgentEntry } from "../config/runtime.ts";
import { agentPaths } from "../spool/layout.ts";
import { nodeDisk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { requestOf } from "../task/codec.ts";
import type { Priority } from "../task/task.ts";
import { denied, joinTrusted } from "./shared/access.ts";
import { readDemands } from "./shared/done-when.ts";
import { searchTasks } from "./shared/find.ts";
import { type Io, processIo } from "./shared/io.ts";
import { knownAgent } from "./shared/known.ts";
import { attachmentPaths, readMessage } from "./shared/message.ts";
import { newCommand, parse, wholeNumber } from "./shared/parse.ts";
import { questionOf } from "./shared/questions.ts";
import { listVisible } from "./shared/read.ts";
import { type Sent, send } from "./shared/send.ts";
import { loadSystem, type System } from "./shared/system.ts";
import { safeJson, safeLine, safeText } from "./shared/text.ts";
import { type Settled, waitForAnswer } from "./shared/wait.ts";

const example = `The words are joined with spaces; - reads standard input. Put -- before words that begin with a dash.
Exit code with --wait: 0 done, 1 failed or cancelled, 75 no answer yet (the task goes on).

--done-when names a check in YAML or JSON, or @FILE with a list of them or {checks, rounds}: the task is
done only when all pass after the answer; what failed goes back to the agent, 3 rounds if not said
otherwise. Checks: path_exists, path_not_exists, regex_in_file, no_regex_in_file {path, pattern},
json_key, yaml_key {path, key, equals|matches|exists}, command {run, test, exit_code, output_matches},
answer_matches, answer_json {schema}; name and timeout beside. Senders who are not verified may only use
the last two.

--answer-schema FILE is --done-when 'answer_json: {schema: …}' with the JSON Schema in FILE: the answer is one
JSON value that fits, and nothing around it, or the task fails. No pattern, no format, no recursion in it.

Keys of --json: id, agent, inbox; with --wait also status, answer, record (as in outbox/ID.json).

Example:
  con task --wait "What agents are running?"
  con task -a sysadmin --wait=60 --json -- -h means what for df?
  git diff | con task --attach notes.md -
  con task --done-when 'path_exists: report.md' --done-when 'command: {run: make test}' Write report.md
  con task --wait --answer-schema disks.schema.json "Which disks are nearly full?" | jq .disks`;

interface Options {
  readonly agent?: string;
  /** Empty: as long as it takes. */
  readonly wait?: string;
  readonly thread?: string;
  readonly attach: readonly string[];
  readonly priority: Priority;
  readonly deadline?: string;
  readonly doneWhen: readonly string[];
  readonly answerSchema?: string;
  readonly json?: boolean;
}

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = describe();
  if (parse(command, bareWait(argv), io) === "help") return exit.ok;
  const options = command.opts<Options>();
  const seconds = options.wait === undefined ? null : readSeconds(options.wait);
  const system = loadSystem(io.env);
  const agent = knownAgent(system.runtime, options.agent ?? system.runtime.frontDesk);
  if (seconds !== null) demandOutbox(system, agent);
  const request = requestOf(await readMessage(io, command.args), {
    thread: options.thread ?? null,
    attachments: attachmentPaths(io, options.attach),
    priority: options.priority,
    deadline: deadline(io, options.deadline),
    doneWhen: await readDemands(io, options.doneWhen, options.answerSchema),
  });
  const sent = send(io, system, options.agent ?? null, request);
  if (seconds !== null)
    return await answer(io, system, agent, sent, seconds, options.json === true);
  const { id, inbox } = sent;
  io.out(options.json ? safeJson({ id, agent: agent.name, inbox }) : `${id}\n`);
  return exit.ok;
}

function describe() {
  return newCommand("task", "Give an agent a task.", example)
    .argument("<message...>", "what to do; - reads standard input")
    .option("-a, --agent <name>", "who shall do it (default: the front desk)")
    .option("--wait [seconds]", "wait for the answer and print it")
    .option("--thread <name>", "conversation to continue")
    .option("--attach <file>", "a file that belongs to the task; may be repeated", collect, [])
    .option("--priority <level>", "low, normal or high", readPriority, "normal")
    .option("--deadline <time>", "nobody wants the answer after this, e.g. 2027-01-31T09:00:00Z")
    .option("--done-when <check>", "what must hold at the end; may be repeated", collect, [])
    .option("--answer-schema <file>", "a JSON Schema that the answer must fit")
    .option("--json", "print JSON")
    .configureHelp({ optionTerm: ({ flags }) => flags.replace("--wait [", "--wait[=") });
}

/** `--wait` alone takes no word of the message: only `--wait=60` has a value. */
function bareWait(argv: readonly string[]): string[] {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  return argv.map((word, index) => (word === "--wait" && index < end ? "--wait=" : word));
}

const collect = (value: string, previous: readonly string[]): string[] => [...previous, value];

function readPriority(text: string): Priority {
  if (text === "low" || text === "normal" || text === "high") return text;
  throw new ConError(exit.usage, "--priority", `there is no ${text}`, "use low, normal or high");
}

/** Timers count milliseconds in 31 bits: 24 days and a bit. */
const longestWaitSeconds = 24 * 24 * 3600;

function readSeconds(text: string): number {
  if (text === "") return longestWaitSeconds;
  return Math.min(wholeNumber("--wait", 0)(text), longestWaitSeconds);
}

function deadline(io: Io, text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!(Date.parse(text) <= io.now())) return text;
  throw new ConError(exit.badInput, `--deadline ${text}`, "it is over", "name a later time");
}

/** Whoever cannot read the answer is told so before the task exists, not after. */
function demandOutbox({ runtime }: System, agent: AgentEntry): void {
  const { outbox } = agentPaths(runtime.root, agent.name);
  if (listVisible(nodeDisk, outbox) !== null) return;
  const remedy = `send it without --wait, or ${joinTrusted}`;
  throw denied(`answers of ${agent.name}`, outbox, remedy);
}

async function answer(
  io: Io,
  system: System,
  agent: AgentEntry,
  sent: Sent,
  seconds: number,
  json: boolean,
): Promise<number> {
  if (io.terminal.err) io.err(`con: waiting for ${agent.name}, task ${sent.id}\n`);
  const signal = AbortSignal.any([io.interrupted(), AbortSignal.timeout(seconds * 1000)]);
  const meanwhile = tellOfHold(io, system, agent, sent.id);
  const settled = await waitForAnswer(system.runtime, agent, sent.id, { signal, meanwhile });
  if (settled === null) throw stillAlive(system, sent);
  print(io, sent, settled, json);
  return settled.record.status === "done" ? exit.ok : exit.no;
}

/** Says once that people are asked, each time that they are asked something else. */
function tellOfHold(io: Io, { runtime }: System, agent: AgentEntry, id: string): () => void {
  let told: string | null = null;
  return () => {
    const asked = questionOf(nodeDisk, runtime, agent, id);
    if (asked === null || asked.id === told) return;
    told = asked.id;
    io.err(`con: task ${id} is held: it ${safeLine(asked.why)}\n`);
  };
}

function print(io: Io, sent: Sent, { record, text }: Settled, json: boolean): void {
  const { id, agent, inbox } = sent;
  if (json) io.out(safeJson({ id, agent, inbox, status: record.status, answer: text, record }));
  else io.out(safeText(text));
  if (!json && record.status !== "done") io.err(`con: task ${id} is ${record.status}\n`);
}

function stillAlive(system: System, { id }: Sent): ConError {
  const [found] = searchTasks(nodeDisk, system.runtime, id).found;
  const waits = found?.place === "held" && questionOf(nodeDisk, system.runtime, found.agent, id);
  const state = found === undefined ? "" : ` (${found.place}${waits ? `: ${waits.why}` : ""})`;
  const remedy = `it goes on by itself; see con show ${id}`;
  return new ConError(exit.tryLater, `task ${id}`, `no answer yet${state}`, remedy);
}
