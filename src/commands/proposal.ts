/** `con proposal list|show|rollback`: what agents changed of themselves, with people's consent. */
import { listProposals } from "./proposal/list.ts";
import { rollbackProposal } from "./proposal/rollback.ts";
import { showProposal } from "./proposal/show.ts";
import { type Io, processIo } from "./shared/io.ts";
import { type Group, runSubverb } from "./shared/subverbs.ts";

const group: Group = {
  name: "proposal",
  description:
    "What agents propose to change of their own instructions and skills. Without a command: list.",
  example: `An agent whose manifest says may: {propose: [instructions, skills]} proposes by the tool propose_change. Nothing
changes before people agree: con approvals shows the difference and takes their word.

Example:
  con proposal list
  con proposal show 01890a5d-ac96-874b-bcce-b302099a8057
  con proposal rollback 01890a5d-ac96-874b-bcce-b302099a8057 --why "it forgets greetings"`,
  verbs: {
    list: { summary: "what was proposed, and what came of it", run: listProposals },
    show: { summary: "one in full: its difference, who agreed", run: showProposal },
    rollback: { summary: "take one back that was made", run: rollbackProposal },
  },
};

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runSubverb(group, argv.length === 0 || isOption(argv[0]) ? ["list", ...argv] : argv, io);

const isOption = (word = ""): boolean => word.startsWith("-") && word !== "--help" && word !== "-h";
