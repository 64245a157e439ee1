/** `con agent VERB`: which agents there are, what each may do, and what becomes of one. */
import { grantToAgent, revokeFromAgent } from "./agent/grant.ts";
import { listAgents, showAgent } from "./agent/list.ts";
import { addAgent, amendAgent, removeAgent } from "./agent/manage.ts";
import { killAgent, pauseAgent, quarantineAgent, resumeAgent } from "./agent/stop.ts";
import { type Io, processIo } from "./shared/io.ts";
import { type Group, runSubverb } from "./shared/subverbs.ts";

const group: Group = {
  name: "agent",
  description: "List agents, add and remove them, say what each may do, stop one and let it go on.",
  example: `Example:
  con agent list
  con agent show concierge
  con agent add scribe.yaml
  con agent grant scribe --network api.example.org:443 --for 2h
  con agent pause concierge --why "new instructions"
  con agent resume concierge`,
  verbs: {
    list: { summary: "all agents, and what each does now", run: listAgents },
    show: { summary: "one agent in full", run: showAgent },
    add: { summary: "commission a new agent from a manifest", run: addAgent },
    grant: { summary: "one right more, perhaps for a time", run: grantToAgent },
    revoke: { summary: "one right less, from the next call on", run: revokeFromAgent },
    amend: { summary: "another manifest for one that is there", run: amendAgent },
    remove: { summary: "retire an agent; its data is archived", run: removeAgent },
    pause: { summary: "no work until resumed; tasks wait", run: pauseAgent },
    resume: { summary: "take back pause or quarantine", run: resumeAgent },
    kill: { summary: "end what it does now; its task is taken up again", run: killAgent },
    quarantine: { summary: "cut it off, and keep all for an examination", run: quarantineAgent },
  },
};

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runSubverb(group, argv, io);
