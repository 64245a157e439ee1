/** `con proposal show ID`: one in full. Reads only. Root and group trusted. */
import { ConError, exit } from "../../system/errors.ts";
import { changeText } from "../shared/change-text.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { safeJson, safeLine } from "../shared/text.ts";
import { allProposals, type Proposal, type ProposalPlaces } from "./look.ts";

const example = `Lines of the texts are indented behind + (new), - (gone) or a space.

Exit code: 0 shown, 65 there is none, 69 not installed, 77 you may not look.
Keys of --json: as one of con proposal list --json.

Example:
  con proposal show 01890a5d-ac96-874b-bcce-b302099a8057`;

export async function showProposal(
  argv: readonly string[],
  io: Io,
  places?: ProposalPlaces,
): Promise<number> {
  const command = newCommand("proposal show", "Show one in full.", example)
    .argument("<id>", "from con proposal list")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const [id = ""] = command.args;
  const found = allProposals(io, places).proposals.find((one) => one.id === id);
  if (found === undefined)
    throw new ConError(exit.badInput, id, "there is no such proposal", "see con proposal list");
  if (command.opts<{ json?: boolean }>().json === true) io.out(safeJson(found));
  else {
    for (const line of headOf(found)) io.out(`${safeLine(line)}\n`);
    io.out(changeText(found));
    io.out(`\n${howTo(found)}`);
  }
  return exit.ok;
}

function headOf({ id, state, agent, asked, approvals, landed, ended, rolled_back }: Proposal) {
  const said = (why: string): string => (why === "" ? "" : `: ${why}`);
  return [
    `id       ${id}`,
    `state    ${state}`,
    `agent    ${agent}`,
    `asked    ${asked}`,
    ...approvals.map(({ at, name, why }) => `approved ${at} by ${name}${said(why)}`),
    ...(landed === null ? [] : [`made     ${landed}`]),
    ...(ended === null
      ? []
      : [`ended    ${ended.at} by ${ended.by?.name ?? "nobody"}${said(ended.why)}`]),
    ...(rolled_back === null
      ? []
      : [`back     ${rolled_back.at} by ${rolled_back.by.name}${said(rolled_back.why)}`]),
  ];
}

function howTo({ id, state }: Proposal): string {
  if (state === "pending")
    return `To decide: con approvals approve ${id}\n           con approvals deny ${id} --why TEXT\n`;
  return state === "made" ? `To take it back: con proposal rollback ${id}\n` : "Nothing waits.\n";
}
