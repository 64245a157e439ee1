/** `con model list|test|use`: which models agents use, whether they answer, and how to change it. */
import { exec } from "../system/exec.ts";
import { listModels } from "./model/list.ts";
import { testModel } from "./model/try.ts";
import { useModel } from "./model/use.ts";
import { configPlaces } from "./shared/credentials.ts";
import { type Io, processIo } from "./shared/io.ts";
import { selfArgv } from "./shared/reapply.ts";
import { type Group, runSubverb } from "./shared/subverbs.ts";

const group: Group = {
  name: "model",
  description: "List, test and choose models.",
  example: `Example:
  con model list
  con model use openrouter/anthropic/claude-sonnet-4.6
  con model test smart`,
  verbs: {
    list: {
      summary: "aliases, and which of their models can be used",
      run: async (argv, io) => listModels(argv, io, configPlaces(io)),
    },
    test: { summary: "make one tiny call", run: testModel },
    use: {
      summary: "let agents use another model (root)",
      run: (argv, io) =>
        useModel(argv, io, { places: configPlaces(io), execute: exec, self: selfArgv() }),
    },
  },
};

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runSubverb(group, argv, io);
