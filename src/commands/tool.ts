/** `con tool VERB`: tools that agents had made for themselves. */
import { type Io, processIo } from "./shared/io.ts";
import { type Group, runSubverb } from "./shared/subverbs.ts";
import { answerAsAgent } from "./tool/answer.ts";
import { removeTool, rollBackTool, testTool, unshareTool } from "./tool/change.ts";
import { listTools, showTool } from "./tool/look.ts";

const group: Group = {
  name: "tool",
  description:
    "Tools that agents had made for themselves: look at them, test them, turn them back.",
  example: `Models wrote them: nothing that they say is a statement of con.

Example:
  con tool list --agent concierge
  con tool show fibonacci --agent concierge
  con tool test fibonacci --agent concierge
  con tool rollback fibonacci --agent concierge
  con tool list --shared
  con tool unshare fibonacci --why "wrong for large numbers"`,
  verbs: {
    list: { summary: "the tools of an agent", run: listTools },
    show: { summary: "one of them, with its code", run: showTool },
    test: { summary: "run its tests in the sandbox", run: testTool },
    rollback: { summary: "bring back an earlier version", run: rollBackTool },
    remove: { summary: "take it out of use; rollback brings it back", run: removeTool },
    unshare: { summary: "take a shared tool from all", run: unshareTool },
    answer: { summary: "run by the others, as the agent", run: answerAsAgent },
  },
};

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runSubverb(group, argv, io);
