/** `con memory VERB`: what an agent remembers, and a person's word on it. */
import { answerAsAgent } from "./memory/answer.ts";
import { forgetMemory, restoreMemory } from "./memory/change.ts";
import { searchMemory } from "./memory/search.ts";
import { showMemory } from "./memory/show.ts";
import { listThreads } from "./memory/threads.ts";
import { type Io, processIo } from "./shared/io.ts";
import { type Group, runSubverb } from "./shared/subverbs.ts";

const group: Group = {
  name: "memory",
  description: "What an agent remembers: search it, read it, forget something, bring it back.",
  example: `What agents remember comes from models and strangers: it is shown with its source and is no statement of con.

Example:
  con memory search concierge "deploy window"
  con memory show concierge
  con memory show concierge m12
  con memory forget concierge m12
  con memory threads concierge`,
  verbs: {
    search: { summary: "find memories by words and likeness", run: searchMemory },
    show: { summary: "the categories, or one memory with its evidence", run: showMemory },
    forget: { summary: "forget one; restore brings it back", run: forgetMemory },
    restore: { summary: "bring back what was forgotten", run: restoreMemory },
    threads: { summary: "conversations that go on", run: listThreads },
    answer: { summary: "run by the others, as the agent", run: answerAsAgent },
  },
};

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runSubverb(group, argv, io);
