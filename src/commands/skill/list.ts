/** `con skill list`. Reads only. */
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { problemLine } from "../shared/report.ts";
import { cut, safeJson, safeLine, table } from "../shared/text.ts";
import { readShelves, type Shelf } from "./library.ts";

const example = `FROM says where a skill comes from: shipped with con (for agents whose manifest names it under skills:), all
(/etc/con/skills), a role, or one agent. A later one of these replaces an earlier one of the same name. The list is what
con bootstrap would find now. Skills with a problem are told on standard error, and nobody gets them.

Keys of --json: skills [{name, from, description, category, agents [names], files}], problems [{file, line, column, key,
why, remedy, agent}].

Example:
  con skill list --agent concierge`;

interface Options {
  readonly agent?: string;
  readonly role?: string;
  readonly json?: boolean;
}

export function listSkills(argv: readonly string[], io: Io, etc: string): number {
  const command = newCommand("skill list", "List skills.", example)
    .option("--agent <name>", "only those that this agent has")
    .option("--role <name>", "only those of this role")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { agent, role, json } = command.opts<Options>();
  const { shelves, problems } = readShelves(etc);
  const shown = shelves.filter(
    ({ from, agents }) =>
      (agent === undefined || agents.includes(agent)) &&
      (role === undefined || from === `role ${role}`),
  );
  if (json) {
    io.out(safeJson({ skills: shown.map(jsonOf), problems }));
    return exit.ok;
  }
  for (const problem of problems) io.err(`con: ${safeLine(problemLine(problem))}\n`);
  io.out(
    shown.length === 0
      ? "no skills\n"
      : table(["NAME", "FROM", "AGENTS", "DESCRIPTION"], shown.map(rowOf)),
  );
  return exit.ok;
}

const jsonOf = ({ from, skill, agents }: Shelf) => ({
  ...{ name: skill.name, from, description: skill.description, category: skill.category },
  ...{ agents, files: skill.files.size },
});

const rowOf = ({ from, skill, agents }: Shelf): string[] => [
  skill.name,
  safeLine(from),
  safeLine(cut(agents.join(", "), 40)) || "nobody",
  safeLine(cut(skill.description, 80)),
];
