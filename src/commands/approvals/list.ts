/** `con approvals list`: what waits for people. Reads only. Root and group trusted. */
import type { Approval } from "../../steward/approvals/types.ts";
import { subjectInWords } from "../../steward/approvals/words.ts";
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { cut, duration, safeJson, safeLine, table } from "../shared/text.ts";
import { allApprovals } from "./look.ts";

const example = `AGREED is how many people have approved, of how many it takes. Whoever asked does not count.

Exit code: 0 listed, 69 not installed, 77 you may not look.
Keys of --json: approvals [{version, id, state (pending, approved, denied or expired), by {uid, name},
agent, asked, expires, needed, subject, approvals [{uid, name, at, why}], ended {at, by, why} or null,
settled}], damaged [id]. subject: {kind: tool, tool, arguments_sha256, arguments_bytes, preview, task,
call}, {kind: request, verb, request, reasons [text]} or {kind: spend, agent, task, unit (usd or tokens),
limit, allowed, slice, amount, beyond, waiting {task, call}, about}.

Example:
  con approvals list
  con approvals list --all --json`;

export async function listApprovals(
  argv: readonly string[],
  io: Io,
  place?: string,
): Promise<number> {
  const command = newCommand("approvals list", "List what waits for a person.", example)
    .option("--all", "also what was approved, denied or has expired")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<{ all?: boolean; json?: boolean }>();
  const { approvals, damaged } = allApprovals(io, place);
  const shown = approvals
    .filter(({ state }) => options.all === true || state === "pending")
    .sort((a, b) => Date.parse(a.asked) - Date.parse(b.asked));
  if (options.json === true) io.out(safeJson({ approvals: shown, damaged }));
  else print(io, shown, damaged);
  return exit.ok;
}

function print(io: Io, shown: readonly Approval[], damaged: readonly string[]): void {
  if (shown.length === 0) io.out("nothing waits for a person\n");
  else {
    const head = ["ID", "STATE", "AGENT", "WHAT", "AGREED", "SINCE", "LEFT", "ABOUT"];
    io.out(
      table(
        head,
        shown.map((one) => row(io, one)),
      ),
    );
  }
  for (const id of damaged)
    io.err(`con: ${safeLine(id)}: its file is damaged: remove it as root\n`);
}

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
