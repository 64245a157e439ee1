/** `con approvals list`: what waits for people. Reads only. Root and group trusted. */
import type { Approval } from "../../steward/approvals/types.ts";
import { subjectInWords } from "../../steward/approvals/words.ts";
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import type { HeldQuestion } from "../shared/questions.ts";
import { cut, duration, safeJson, safeLine, table } from "../shared/text.ts";
import { goOn, heldQuestions } from "./held.ts";
import { allApprovals, installed, type Where } from "./look.ts";

const example = `AGREED is how many people have approved, of how many it takes. Whoever asked does not count.

Exit code: 0 listed, 69 not installed, 77 you may not look.
Keys of --json: approvals [{version, id, state (pending, approved, denied or expired), by {uid, name},
agent, asked, expires, needed, subject, approvals [{uid, name, at, why, agent (true: a
reviewing agent)}], ended {at, by, why} or null,
settled}], damaged [id]. subject: {kind: tool, tool, arguments_sha256, arguments_bytes, preview, task,
call}, {kind: request, verb, request, reasons [text], proposal {sha256, files [{path, before, after}],
tested [text]} where an agent proposes a change} or {kind: spend, agent, task, unit (usd or tokens),
limit, allowed, slice, amount, beyond, waiting {task, call}, about}. held: tasks that ask without the steward
[{agent, id, task, asked, until, why, question}].

Example:
  con approvals list
  con approvals list --all --json`;

export async function listApprovals(
  argv: readonly string[],
  io: Io,
  where?: Where,
): Promise<number> {
  const command = newCommand("approvals list", "List what waits for a person.", example)
    .option("--all", "also what was approved, denied or has expired")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<{ all?: boolean; json?: boolean }>();
  const place = where ?? installed(io);
  const { approvals, damaged } = allApprovals(io, place);
  const held = heldQuestions(place);
  const shown = approvals
    .filter(({ state }) => options.all === true || state === "pending")
    .sort((a, b) => Date.parse(a.asked) - Date.parse(b.asked));
  if (options.json === true) io.out(safeJson({ approvals: shown, damaged, held }));
  else print(io, { shown, damaged, held });
  return exit.ok;
}

interface Listed {
  readonly shown: readonly Approval[];
  readonly damaged: readonly string[];
  readonly held: readonly HeldQuestion[];
}

function print(io: Io, { shown, damaged, held }: Listed): void {
  if (shown.length + held.length === 0) io.out("nothing waits for a person\n");
  else {
    const head = ["ID", "STATE", "AGENT", "WHAT", "AGREED", "SINCE", "LEFT", "ABOUT"];
    const rows = [...shown.map((one) => row(io, one)), ...held.map((one) => heldRow(io, one))];
    io.out(table(head, rows));
  }
  for (const id of damaged)
    io.err(`con: ${safeLine(id)}: its file is damaged: remove it as root\n`);
}

const heldRow = (io: Io, { id, agent, task, asked, until, question }: HeldQuestion): string[] => [
  id,
  "pending",
  agent,
  goOn(task),
  "0/1",
  duration(Math.max(0, io.now() - Date.parse(asked))),
  duration(Math.max(0, Date.parse(until) - io.now())),
  safeLine(cut(question, 80)),
];

function row(io: Io, approval: Approval): string[] {
  const { id, state, agent, approvals, needed, asked, expires, subject } = approval;
  const left = state === "pending" ? duration(Date.parse(expires) - io.now()) : "-";
  return [
    id,
    state,
    agent,
    subjectInWords(approval),
    `${approvals.length}/${needed}`,
    duration(io.now() - Date.parse(asked)),
    left,
    safeLine(cut(headOf(subject), 80)),
  ];
}

function headOf(subject: Approval["subject"]): string {
  switch (subject.kind) {
    case "tool":
      return subject.preview;
    case "request":
      return subject.reasons.join("; ");
    case "spend":
      return subject.about;
  }
}
