/** `con agent list|show|pause|resume|kill|quarantine`: which agents there are, and stopping one. */
import { listAgents, showAgent } from "./agent/list.ts";
import { killAgent, pauseAgent, quarantineAgent, resumeAgent } from "./agent/stop.ts";
import { type Io, processIo } from "./shared/io.ts";
import { type Group, runSubverb } from "./shared/subverbs.ts";

const group: Group = {
  name: "agent",
  description: "List agents, show one in full, stop one and let it go on.",
  example: `Example:
  con agent list
  con agent show concierge
  con agent pause concierge --why "new instructions"
  con agent resume concierge`,
  verbs: {
    list: { summary: "all agents, and what each does now", run: listAgents },
    show: { summary: "one agent in full", run: showAgent },
    pause: { summary: "no work until resumed; tasks wait", run: pauseAgent },
    resume: { summary: "take back pause or quarantine", run: resumeAgent },
    kill: { summary: "end what it does now; its task is taken up again", run: killAgent },
    quarantine: { summary: "cut it off, and keep all for an examination", run: quarantineAgent },
  },
};

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runSubverb(group, argv, io);
