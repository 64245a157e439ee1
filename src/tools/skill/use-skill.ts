/**
 * Opens a skill that the agent was given: the body of its SKILL.md, one of its files, or a list of what there is. Never:
 * writes, or reads anything but files that bootstrap put there.
 */
import fs from "node:fs";
import { dirname, join } from "node:path";
import { splitSkill } from "../../skill/body.ts";
import { skillBounds } from "../../skill/bounds.ts";
import { skillLines } from "../../skill/catalogue.ts";
import { answering, done, numberOr, refused, text, textOr } from "../answer.ts";
import { readWithin } from "../files/open.ts";
import { readable } from "../files/reach.ts";
import { readFile } from "../read-file.ts";
import type { ToolResult } from "../result.ts";
import type { GivenSkill, Tool, ToolContext } from "../tool.ts";

const bodyChars = 20_000;
const listed = 40;
const listedChars = 300;

export const useSkill: Tool = {
  name: "use_skill",
  description:
    "Opens one of your skills (their names stand under Skills): with name its instructions, with name and file " +
    'one of its files, in parts by offset. With find, or without arguments, lists skills: {"find": "words"}.',
  parameters: {
    type: "object",
    properties: {
      name: { type: "string", minLength: 1, maxLength: 64 },
      file: { type: "string", minLength: 1, maxLength: 1000, description: "e.g. references/x.md" },
      offset: { type: "integer", minimum: 1, description: "First line of the part (default 1)" },
      find: { type: "string", minLength: 1, maxLength: 200 },
    },
    additionalProperties: false,
  },
  parallel: true,
  run: async (args, context) => {
    const skills = context.skills ?? [];
    if (args["name"] === undefined) return list(skills, textOr(args, "find", ""));
    const skill = skills.find(({ name }) => name === text(args, "name"));
    if (skill === undefined) return unknown(skills, text(args, "name"));
    const offset = numberOr(args, "offset", 1);
    return args["file"] === undefined
      ? body(skill, offset, context)
      : file(skill, { file: text(args, "file"), offset }, context);
  },
};

function list(skills: readonly GivenSkill[], find: string): ToolResult {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = ({ name, description, category }: GivenSkill): number => {
    const all = `${name} ${category ?? ""} ${description}`.toLowerCase();
    return words.filter((word) => all.includes(word)).length;
  };
  const found = skills
    .map((skill) => ({ skill, score: rank(skill) }))
    .filter(({ score }) => words.length === 0 || score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ skill }) => skill);
  if (found.length === 0)
    return refused(
      skills.length === 0
        ? "you have no skills"
        : `none of your ${skills.length} skills says anything of that: try other words`,
    );
  const shown = found.slice(0, listed);
  const more = found.length - shown.length;
  const rest = more === 0 ? [] : [`[${more} more: use find with other words]`];
  return done([...skillLines(shown, listedChars), ...rest].join("\n"));
}

const named = 20;

function unknown(skills: readonly GivenSkill[], name: string): ToolResult {
  const names = skills.slice(0, named).map((one) => one.name);
  const more = skills.length > named ? `, and ${skills.length - named} more: use find` : "";
  const have = names.length === 0 ? "you have none" : `you have: ${names.join(", ")}${more}`;
  return refused(`you have no skill ${JSON.stringify(name)}; ${have}`);
}

function body(skill: GivenSkill, offset: number, context: ToolContext): ToolResult {
  return answering(context, () => {
    const content = readWithin(readable(context.files), skill.path, (fd, { size }) =>
      size > skillBounds.textBytes ? null : fs.readFileSync(fd, "utf8"),
    );
    const parts = content === null ? null : splitSkill(content);
    if (parts === null) return refused(`skill ${skill.name} is damaged: tell an operator`);
    const lines = parts.body.trim().split("\n");
    if (offset > lines.length) return refused(`skill ${skill.name} has ${lines.length} lines`);
    const { part, next } = partOf(lines, offset);
    const rest = next === null ? "" : `\n[go on with offset ${next}]`;
    return done(`${offset === 1 ? head(skill) : ""}${part}${rest}`);
  });
}

function partOf(lines: readonly string[], offset: number): { part: string; next: number | null } {
  let chars = 0;
  let end = offset - 1;
  for (; end < lines.length; end += 1) {
    chars += (lines[end]?.length ?? 0) + 1;
    if (chars > bodyChars && end >= offset) break;
  }
  return {
    part: lines.slice(offset - 1, end).join("\n"),
    next: end < lines.length ? end + 1 : null,
  };
}

function head(skill: GivenSkill): string {
  const files = skill.files ?? [];
  const folder = `Skill ${skill.name}, in ${dirname(skill.path)} (read-only, also for commands)`;
  return files.length === 0
    ? `${folder}\n\n`
    : `${folder}\nIts files, opened by use_skill with file: ${files.join(", ")}\n\n`;
}

function file(
  skill: GivenSkill,
  { file: path, offset }: { readonly file: string; readonly offset: number },
  context: ToolContext,
): ToolResult | Promise<ToolResult> {
  const files = skill.files ?? [];
  if (!files.includes(path)) {
    const have = files.length === 0 ? "has no other files" : `has ${files.join(", ")}`;
    return refused(`skill ${skill.name} ${have}; without file you get its instructions`);
  }
  return readFile.run({ path: join(dirname(skill.path), path), offset }, context);
}
