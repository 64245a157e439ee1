/** `con contract list|show|check|report|history`: the contracts, and what came of them. Reads only. */
import { type Io, processIo } from "./shared/io.ts";
import { type Group, runSubverb } from "./shared/subverbs.ts";

const group: Group = {
  name: "contract",
  description: "List, show and check contracts, and what came of them.",
  example: `Example:
  con contract list
  con contract check /etc/con/contracts/mine.yaml`,
  verbs: {
    list: {
      summary: "the active contracts, and files that are none",
      run: async (argv, io) => (await import("./contract/list.ts")).run(argv, io),
    },
    show: {
      summary: "one contract in words, with its last result",
      run: async (argv, io) => (await import("./contract/show.ts")).run(argv, io),
    },
    check: {
      summary: "whether files are valid contracts, before they are active",
      run: async (argv, io) => (await import("./contract/check.ts")).run(argv, io),
    },
    report: {
      summary: "the latest evaluation",
      run: async (argv, io) => (await import("./contract/report.ts")).run([...argv], io),
    },
    history: {
      summary: "evaluations and incidents before it",
      run: async (argv, io) => (await import("./contract/history.ts")).run([...argv], io),
    },
  },
};

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runSubverb(group, argv, io);
