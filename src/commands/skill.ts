/** `con skill list|show|add|remove`: instructions for particular work, and who has them. */
import { exec } from "../system/exec.ts";
import { configPlaces } from "./shared/credentials.ts";
import { type Io, processIo } from "./shared/io.ts";
import { selfArgv } from "./shared/reapply.ts";
import { type Group, runSubverb } from "./shared/subverbs.ts";
import { addSkill, removeSkill, type SkillDeps } from "./skill/change.ts";
import { listSkills } from "./skill/list.ts";
import { showSkill } from "./skill/show.ts";

const group: Group = {
  name: "skill",
  description: "List, show, add and remove skills: instructions for particular work.",
  example: `Example:
  con skill list
  con skill show documents
  con skill add ./release-notes --agent scribe`,
  verbs: {
    list: {
      summary: "all skills, where they come from, and who has them",
      run: async (argv, io) => listSkills(argv, io, configPlaces(io).etc),
    },
    show: {
      summary: "one skill in full, or one of its files",
      run: async (argv, io) => showSkill(argv, io, configPlaces(io).etc),
    },
    add: { summary: "check a skill and give it", run: (argv, io) => addSkill(argv, io, deps(io)) },
    remove: { summary: "take one out", run: (argv, io) => removeSkill(argv, io, deps(io)) },
  },
};

const deps = (io: Io): SkillDeps => ({ ...configPlaces(io), execute: exec, self: selfArgv() });

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runSubverb(group, argv, io);
