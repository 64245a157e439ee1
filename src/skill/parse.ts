/**
 * Whether a folder is a skill, and what its front matter says. Pure.
 *
 * Never: repairs, grants, or lets a text through that shows people something else than a model reads. A problem costs
 * the agents this one skill and nothing more.
 */
import { type Document, LineCounter, parseDocument } from "yaml";
import { splitSkill } from "./body.ts";
import { skillBounds, skillFile, skillName } from "./bounds.ts";
import { headOf } from "./head.ts";
import { hiddenCharacter } from "./hidden.ts";
import type { CheckedSkill, SkillFiles, SkillProblem } from "./types.ts";

/** `folder` is the name of the directory that holds `files`. */
export function checkSkill(folder: string, files: SkillFiles): CheckedSkill {
  const broken = brokenFiles(folder, files);
  const bytes = files.get(skillFile);
  if (bytes === undefined || broken.length > 0)
    return { head: null, problems: broken, warnings: [] };
  const text = textOf(bytes);
  if (text === null) return refused(1, "it is not UTF-8 text", "save it as UTF-8");
  // Other systems end lines with both; a return that stands alone is none of theirs.
  const odd = hiddenCharacter(text.replaceAll("\r\n", "\n"));
  if (odd !== null)
    return refused(odd.line, `it holds ${odd.code}, which people do not see`, "take it out");
  return checkText(folder, text);
}

const form = "begin it with ---, name: and description:, ---";

function checkText(folder: string, text: string): CheckedSkill {
  const parts = splitSkill(text);
  if (parts === null) return refused(1, "there is no front matter", form);
  const lines = new LineCounter();
  const document = parsed(parts.front, lines);
  if (document === null) return refused(2, "the front matter is nested too deeply", form);
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) {
    const line = lines.linePos(fault.pos[0]).line + 1;
    return refused(line, `the front matter is no YAML (${fault.code})`, form);
  }
  const { head, problems, warnings } = headOf(folder, document, (offset) =>
    offset === null ? 2 : lines.linePos(offset).line + 1,
  );
  if (parts.body.trim() === "")
    problems.push(
      at(parts.bodyLine, "there is nothing below the front matter", "say how it is done"),
    );
  const long = parts.body.split("\n").length;
  if (long > skillBounds.bodyLines) {
    const why = `its body has ${long} lines, more than ${skillBounds.bodyLines}`;
    warnings.push(at(parts.bodyLine, why, "move details to files in references/"));
  }
  return { head: problems.length > 0 ? null : head, problems, warnings };
}

/** Null for what is nested deeper than the parser goes. */
function parsed(text: string, lineCounter: LineCounter): Document | null {
  try {
    return parseDocument(text, {
      ...{ lineCounter, strict: true, uniqueKeys: true, prettyErrors: false },
      // It would print parts of the text for a key that is no text.
      logLevel: "error",
      // A tag such as !!binary or !!set makes what is neither text, list nor map.
      resolveKnownTags: false,
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return null;
  }
}

const at = (line: number, why: string, remedy: string): SkillProblem => ({
  ...{ file: skillFile, line, why, remedy },
});

const refused = (line: number, why: string, remedy: string): CheckedSkill => ({
  ...{ head: null, problems: [at(line, why, remedy)], warnings: [] },
});

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return null;
  }
}

const partName = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}$/;

function brokenFiles(folder: string, files: SkillFiles): SkillProblem[] {
  const problem = (file: string, why: string, remedy: string): SkillProblem[] => [
    { file, line: 1, why, remedy },
  ];
  if (!skillName.test(folder))
    return problem("", "the folder's name is no name of a skill", "use a-z 0-9 and single - only");
  const text = files.get(skillFile);
  if (text === undefined) return problem(skillFile, "the file is missing", form);
  if (text.length > skillBounds.textBytes)
    return problem(skillFile, `it is larger than ${skillBounds.textBytes} bytes`, "shorten it");
  const size = [...files.values()].reduce((all, { length }) => all + length, 0);
  const less = "take out what the work does not need";
  if (files.size > skillBounds.files)
    return problem("", `it has more than ${skillBounds.files} files`, less);
  if (size > skillBounds.bytes)
    return problem("", `it has more than ${skillBounds.bytes} bytes`, less);
  return [...files.keys()].flatMap((path) => {
    const parts = path.split("/");
    const isPlain = parts.length <= skillBounds.depth && parts.every((part) => partName.test(part));
    const remedy = `use A-Z a-z 0-9 . _ + - and at most ${skillBounds.depth} levels`;
    return isPlain ? [] : problem(path, "its path is no plain one", remedy);
  });
}
