/** How the reflex engine words its answers. Pure. Never: calls a failed call a success. */
import { type Framed, unframeAnswer } from "../../task/frame.ts";
import { figuresText } from "./figures.ts";
import type { Found, Outcome } from "./rule.ts";

export const nature =
  "I am builtin/reflex: a small set of fixed rules, not a language model. I answer simple requests only.";

const abilities = `I can:
- say which agents exist, what they do and how they are ("What agents are running?")
- report the status of the system: disk, memory, load, uptime, time ("How full is the disk?")
- for a verified sender: run a command ("run: uname -a"), read, list, search and write files ("read the
  file notes.txt", 'write "hello" to notes.txt'), give a task to another agent ("tell NAME to …"), or
  pass on its answer ("ask NAME to …"), or let a temporary agent do it ("spawn a ROLE to look: …")`;

const connecting = `A language model is connected by an administrator:
  con credential set NAME                            (asks for the key)
  con model use PROVIDER/MODEL --base-url URL`;

export const helpText = `${nature}\n\n${abilities}\n\n${connecting}`;
export const greetingText = `Hello. ${nature} Ask "help" for what I can do.`;
export const fallbackText = `I do not understand this request. ${nature}\n\n${abilities}\n\n${connecting}`;
export const noTaskText = `There is no task in this conversation. ${nature}`;

/** An answer of another agent, handed on as it came. */
export const relayedText = ({ from, replyTo, text }: Framed): string =>
  `${from} answered task ${replyTo}:\n\n${text}`;

export const distrustText = (intent: string, from: string): string =>
  `I did not do this: the sender, ${from}, is not verified, and I ${intent} for verified senders only. ` +
  "A member of the group trusted can give me this task. " +
  nature;

export const noToolText = (names: readonly string[]): string =>
  `I cannot do this: this agent has no tool ${names.join(" and no tool ")}. Its manifest decides that ` +
  "(can.tools).";

export const withoutTools = (answer: string, names: readonly string[]): string =>
  names.length === 0
    ? answer
    : `${answer}\n\nNot looked at: this agent has no tool ${names.join(" and no tool ")}.`;

/** Results of calls that another model made before it could not be reached any more. */
export function takenOverText(made: readonly Outcome[]): string {
  const results = made.map(({ name, text }) => `${name}:\n${text.trim()}`).join("\n\n");
  return `Another model began this task and did not finish it. ${nature} I cannot judge the results \
of its tool calls; here they are as they came:\n\n${results}`;
}

/** What tools and the tool loop say instead of a result. */
const notDone = [
  /^not run: /,
  /^interrupted: /,
  /^internal error in tool /,
  /^there is no (?:tool|agent) "/,
  /^\(there is no result of this call\)$/,
];
const isNotDone = (text: string): boolean =>
  notDone.some((start) => start.test(text.slice(0, 200)));

export const find = (outcomes: readonly Outcome[], name: string): Outcome | undefined =>
  outcomes.find((outcome) => outcome.name === name);

/** A line of the `agents` tool: `- NAME (TIER): DESCRIPTION [STATE, N waiting; RELATION]`. */
function agentLine(line: string): { readonly shown: string; readonly brief: string } | null {
  const head = /^- ([a-z][a-z0-9-]*) \(([a-z]+)\): /.exec(line);
  const state = line.lastIndexOf(" [");
  if (head === null || state < head[0].length || !line.endsWith("]")) return null;
  const description = line.slice(head[0].length, state).replace(/\.$/, "");
  const [how = ""] = line.slice(state + 2, -1).split("; ");
  return {
    shown: `- ${head[1]} (${head[2]}): ${description}. Now: ${how}.`,
    brief: `- ${head[1]} (${head[2]}): ${how}`,
  };
}

function agentLines(text: string, key: "shown" | "brief"): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const agents = lines.map(agentLine);
  const known = agents.flatMap((agent) => agent?.[key] ?? []);
  if (known.length === 0 || known.length < lines.length) return `The agents:\n${text.trim()}`;
  const count = known.length === 1 ? "There is 1 agent" : `There are ${known.length} agents`;
  return `${count} in this system:\n${known.join("\n")}`;
}

export function agentsText(_: Found, outcomes: readonly Outcome[]): string {
  const text = find(outcomes, "agents")?.text ?? "";
  if (isNotDone(text)) return failed("I could not list the agents", text);
  return `${agentLines(text, "shown")}\n\nAn agent without work runs no process: the system wakes it \
when a task arrives.`;
}

export const failed = (what: string, text: string): string => `${what}:\n\n${text.trim()}`;

/** The last line of a shell result says how it ended: `[exit code 0]`. */
interface ShellResult {
  readonly output: string;
  readonly ending: string;
  readonly ok: boolean;
}

function shellResult(text: string): ShellResult {
  const start = text.lastIndexOf("[");
  const ending = /^\[([^\]]*)\]\s*(?:\n|$)/.exec(text.slice(Math.max(0, start)))?.[1];
  if (start < 0 || ending === undefined)
    return { output: text.trimEnd(), ending: "not run", ok: false };
  const output = text.slice(0, start).trimEnd();
  return { output, ending, ok: ending === "exit code 0" };
}

export function commandText(found: Found, outcomes: readonly Outcome[]): string {
  const { output, ending, ok } = shellResult(find(outcomes, "shell")?.text ?? "");
  const shown = output === "" ? "It printed nothing." : output;
  const command = found["command"] ?? "";
  return ok
    ? `I ran \`${command}\`; it succeeded:\n\n${shown}`
    : `\`${command}\` did not succeed (${ending}):\n\n${shown}`;
}

export const figuresOf = (found: Found): string[] => (found["figures"] ?? "").split(",");

export function figuresAnswer(found: Found, outcomes: readonly Outcome[]): string {
  const { output } = shellResult(find(outcomes, "shell")?.text ?? "");
  return figuresText(figuresOf(found), output);
}

export const statusFigures = ["disk", "memory", "load", "uptime"];
export const briefFigures = ["disk"];

/** Agents and figures together; either may be missing. */
export const statusText =
  (title: string, figures: readonly string[]) =>
  (_: Found, outcomes: readonly Outcome[]): string => {
    const machine = find(outcomes, "shell");
    const agents = find(outcomes, "agents");
    return [
      title,
      ...(machine === undefined ? [] : [figuresText(figures, shellResult(machine.text).output)]),
      ...(agents === undefined
        ? []
        : [
            isNotDone(agents.text)
              ? failed("I could not list the agents", agents.text)
              : agentLines(agents.text, "brief"),
          ]),
    ].join("\n\n");
  };

/** File tools say what they refuse in their own words, so their result is quoted, not judged. */
export const fileText =
  (tool: string, what: string) =>
  (found: Found, outcomes: readonly Outcome[]): string => {
    const text = find(outcomes, tool)?.text ?? "";
    const about = `${what} ${found["path"] === "." ? "my workspace" : found["path"]}`;
    return isNotDone(text)
      ? failed(`No result for ${about}`, text)
      : `${about}:\n\n${text.trimEnd()}`;
  };

export function writtenText(found: Found, outcomes: readonly Outcome[]): string {
  const text = (find(outcomes, "write_file")?.text ?? "").trim();
  return /^(?:created|replaced) /.test(text)
    ? `Done: ${text}.`
    : failed(`I did not write ${found["path"]}`, text);
}

export function askedText(found: Found, outcomes: readonly Outcome[]): string {
  const text = find(outcomes, "ask_agent")?.text ?? "";
  const answer = unframeAnswer(text);
  return answer === null
    ? failed(`I have no answer of ${found["agent"]}`, text.trim())
    : `${answer.from} answered:\n\n${answer.text}`;
}

export function sentText(found: Found, outcomes: readonly Outcome[]): string {
  const text = (find(outcomes, "send_task")?.text ?? "").trim();
  const sent = /^sent to (\S+) as task (\S+)/.exec(text);
  if (sent === null) return failed(`I did not send it to ${found["agent"]}`, text);
  return `Sent to ${sent[1]} as task ${sent[2]}. Its answer reaches me as a task of its own; you can see \
it with: con show ${sent[2]}`;
}
