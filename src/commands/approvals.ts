/** `con approvals [list|show|approve|deny]`: what waits for a person, and a person's word on it. */
import { approve, deny } from "./approvals/decide.ts";
import { listApprovals } from "./approvals/list.ts";
import { showApproval } from "./approvals/show.ts";
import { type Io, processIo } from "./shared/io.ts";
import { type Group, runSubverb } from "./shared/subverbs.ts";

const group: Group = {
  name: "approvals",
  description: "What agents may do only when a person agrees. Without a command: list.",
  example: `Tools wait whose names are under approval: in the manifest of an agent, and requests to the steward that
go beyond what an agent may give away. A task that made very many calls waits to be told whether it goes on. The task
that waits costs nothing meanwhile.

Example:
  con approvals
  con approvals show 01890a5d-ac96-874b-bcce-b302099a8057
  con approvals approve 01890a5d-ac96-874b-bcce-b302099a8057 --why "read it, looks right"`,
  verbs: {
    list: { summary: "what waits", run: listApprovals },
    show: { summary: "one in full", run: showApproval },
    approve: { summary: "agree that it is done", run: approve },
    deny: { summary: "refuse it; the agent is told why", run: deny },
  },
};

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runSubverb(group, argv.length === 0 || isOption(argv[0]) ? ["list", ...argv] : argv, io);

/** `con approvals --json` lists too; help is the group's. */
const isOption = (word = ""): boolean => word.startsWith("-") && word !== "--help" && word !== "-h";
