/** `con approvals show ID`: everything that is known of one. Reads only. Root and group trusted. */
import type {
  Approval,
  RequestSubject,
  SpendSubject,
  ToolSubject,
} from "../../steward/approvals/types.ts";
import { subjectInWords } from "../../steward/approvals/words.ts";
import { ConError, exit } from "../../system/errors.ts";
import { changeText } from "../shared/change-text.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import type { HeldQuestion } from "../shared/questions.ts";
import { safeJson, safeLine, safeText } from "../shared/text.ts";
import { goOn, heldQuestion } from "./held.ts";
import { installed, oneApproval, type Where } from "./look.ts";

const example = `What is shown of a tool's arguments is what the agent's runner says of them: at most 1800 bytes, without
what looks like a key. What is shown of a request to the steward is the whole request as the steward has it.
Amounts of money are the manifest's; the text of the task that waits is shown as the runner gives its head.

Exit code: 0 shown, 65 there is none, 69 not installed, 77 you may not look.
What a held task asks is what its runner wrote of it, without what looks like a key.
Keys of --json: as one of approvals, or of held, in con approvals list --json.

Example:
  con approvals show 01890a5d-ac96-874b-bcce-b302099a8057`;

export async function showApproval(
  argv: readonly string[],
  io: Io,
  where?: Where,
): Promise<number> {
  const command = newCommand("approvals show", "Show one in full.", example)
    .argument("<id>", "from con approvals")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const [id = ""] = command.args;
  const place = where ?? installed(io);
  const json = command.opts<{ json?: boolean }>().json === true;
  const held = heldQuestion(io, id, place);
  const approval = held === null ? oneApproval(io, id, place) : null;
  if (held !== null) {
    if (json) io.out(safeJson(held));
    else printHeld(io, held);
  } else if (approval !== null) {
    if (json) io.out(safeJson(approval));
    else print(io, approval);
  } else {
    const why = "nothing of that id waits or waited in the last weeks";
    throw new ConError(exit.badInput, id, why, "see con approvals list --all");
  }
  return exit.ok;
}

function print(io: Io, approval: Approval): void {
  const { subject } = approval;
  for (const line of headOf(approval)) io.out(`${safeLine(line)}\n`);
  if (subject.kind === "tool") printTool(io, subject);
  else if (subject.kind === "request") printRequest(io, subject);
  else printSpend(io, subject);
  if (approval.state === "pending") printHow(io, approval.id);
}

function printHeld(io: Io, { id, agent, task, asked, until, question }: HeldQuestion): void {
  const head = [
    `id       ${id}`,
    "state    pending, the task is held",
    `what     ${goOn(task)}`,
    `agent    ${agent}`,
    `asked    ${asked}`,
    `expires  ${until}`,
  ];
  for (const line of head) io.out(`${safeLine(line)}\n`);
  io.out(`\n${safeText(question)}`);
  printHow(io, id);
}

function printHow(io: Io, id: string): void {
  io.out(`\nTo decide: con approvals approve ${id}\n`);
  io.out(`           con approvals deny ${id} --why TEXT\n`);
}

function headOf(approval: Approval): string[] {
  const { id, state, agent, by, asked, expires, needed, approvals, ended } = approval;
  const end = ended === null ? [] : [`ended    ${ended.at}${byWhom(ended)}${reason(ended.why)}`];
  return [
    `id       ${id}`,
    `state    ${state}, ${approvals.length} of ${needed} have approved`,
    `what     ${subjectInWords(approval)}`,
    `agent    ${agent} (${by.name}, uid ${by.uid})`,
    `asked    ${asked}`,
    `expires  ${expires}`,
    ...approvals.map(
      (one) =>
        `approved ${one.at} by ${one.name}${one.agent === true ? " (an agent)" : ""}${reason(one.why)}`,
    ),
    ...end,
  ];
}

const byWhom = ({ by }: NonNullable<Approval["ended"]>): string =>
  by === null ? "" : ` by ${by.name}`;
const reason = (why: string): string => (why === "" ? "" : `: ${why}`);

function printTool(io: Io, subject: ToolSubject): void {
  const { task, call, arguments_sha256: digest, arguments_bytes: bytes, preview } = subject;
  io.out(`task     ${safeLine(`${task}, call ${call}`)}\n`);
  io.out(`sha256   ${safeLine(digest)} (name and arguments)\n\n`);
  io.out(safeText(preview));
  if (Buffer.byteLength(preview) >= bytes) return;
  io.out(`\nNOT ALL IS SHOWN of ${bytes} bytes. The rest, as root: con trace ${safeLine(task)}\n`);
}

function printSpend(io: Io, { agent, waiting, unit, limit, slice, about }: SpendSubject): void {
  io.out(`for      ${safeLine(`${agent}, whose task it is`)}\n`);
  io.out(`waits    ${safeLine(`task ${waiting.task}, call ${waiting.call}`)}\n`);
  io.out(`then     ${slice} times ${limit} ${unit} are allowed beyond the first, in all\n\n`);
  io.out(safeText(about));
}

function printRequest(io: Io, { request, reasons, proposal }: RequestSubject): void {
  for (const one of reasons) io.out(`because  ${safeLine(one)}\n`);
  if (request.verb === "propose" && proposal !== undefined) {
    io.out(changeText({ ...request, ...proposal, origin: request }));
    return;
  }
  if (request.verb === "share_tool" && proposal !== undefined) {
    io.out(
      changeText({ ...request, ...proposal, target: `tool:${request.tool}`, origin: request }),
    );
    return;
  }
  const { version: _version, incident: _incident, verb: _verb, ...rest } = request;
  for (const [key, value] of Object.entries(rest)) {
    io.out(`\n${safeLine(key)}:\n`);
    io.out(safeText(typeof value === "string" ? value : JSON.stringify(value, null, 2)));
  }
}
