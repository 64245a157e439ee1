/** `con credential set|list|remove`: provider keys, encrypted at rest, for the gateway only. */
import { exec } from "../system/exec.ts";
import {
  type CredentialDeps,
  listCredentials,
  removeCredential,
  setCredential,
} from "./credential/verbs.ts";
import { configPlaces } from "./shared/credentials.ts";
import { type Io, processIo } from "./shared/io.ts";
import { selfArgv } from "./shared/reapply.ts";
import { type Group, runSubverb } from "./shared/subverbs.ts";

const group: Group = {
  name: "credential",
  description: "Store, list and remove provider keys.",
  example: `Example:
  con credential set openrouter
  con credential list`,
  verbs: {
    set: { summary: "store a key", run: (argv, io) => setCredential(argv, io, depsOf(io)) },
    list: {
      summary: "names of stored keys, and who uses them",
      run: async (argv, io) => listCredentials(argv, io, depsOf(io)),
    },
    remove: { summary: "remove a key", run: (argv, io) => removeCredential(argv, io, depsOf(io)) },
  },
};

const depsOf = (io: Io): CredentialDeps => ({
  places: configPlaces(io),
  execute: exec,
  self: selfArgv(),
  terminal: process.stdin.isTTY ? process.stdin : null,
});

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runSubverb(group, argv, io);
