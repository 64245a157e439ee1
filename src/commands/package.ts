/** `con package list|add|remove`: packages for forged tools, and the layers that they became. */
import { nodeDisk } from "../system/disk.ts";
import { layersDirectory } from "../system/layers/names.ts";
import { addPackage, removePackage } from "./package/change.ts";
import { listPackages } from "./package/list.ts";
import { compiledForge } from "./package/listed.ts";
import { type Io, processIo } from "./shared/io.ts";
import { type Group, runSubverb } from "./shared/subverbs.ts";

const group: Group = {
  name: "package",
  description: "List, install and remove packages that forged tools may use.",
  example: `Which there may be says forge.packages in /etc/con/con.yaml, and nobody but people writes that. A tool that needs one has
it installed by itself; with add it is there before.

Example:
  con package list
  con package add left-pad==1.3.0
  con package remove left-pad==1.3.0`,
  verbs: {
    list: {
      summary: "all that con.yaml lists, and what is installed",
      run: async (argv, io) =>
        listPackages(argv, io, {
          disk: nodeDisk,
          directory: layersDirectory,
          // Read when asked for: help needs no configuration.
          get forge() {
            return compiledForge(io);
          },
        }),
    },
    add: { summary: "install one that con.yaml lists", run: (argv, io) => addPackage(argv, io) },
    remove: { summary: "take its layer away", run: (argv, io) => removePackage(argv, io) },
  },
};

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runSubverb(group, argv, io);
