/** The fields of a skill's front matter. Pure. */
import { type Document, isMap, isPair, isScalar } from "yaml";
import { skillBounds, skillFile, skillName } from "./bounds.ts";
import type { SkillHead, SkillProblem } from "./types.ts";
import { plainLine } from "./words.ts";

const known = ["name", "description", "license", "compatibility", "metadata", "allowed-tools"];

interface Read {
  readonly head: SkillHead | null;
  readonly problems: SkillProblem[];
  readonly warnings: SkillProblem[];
}

/** `lineOf`: of an offset in the document; null = nowhere in particular. */
export function headOf(
  folder: string,
  document: Document,
  lineOf: (offset: number | null) => number,
): Read {
  const problems: SkillProblem[] = [];
  const warnings: SkillProblem[] = [];
  const value = mapIn(document);
  const at = (key: string, why: string, remedy: string): SkillProblem => ({
    ...{ file: skillFile, line: lineOf(offsetOf(document, key)), why: `${key}: ${why}`, remedy },
  });
  if (value === null) {
    const remedy = "write name: and description: there";
    problems.push({ file: skillFile, line: 2, why: "the front matter is no map", remedy });
    return { head: null, problems, warnings };
  }
  for (const key of Object.keys(value).filter((one) => !known.includes(one)))
    warnings.push(at(plainLine(key), "nobody knows this field", "move it below metadata:"));
  const name = nameProblem(folder, value["name"]);
  if (name !== null) problems.push(at("name", name, `write name: ${folder}`));
  const text = typeof value["description"] === "string" ? value["description"] : "";
  const description = plainLine(text);
  if (description === "")
    problems.push(at("description", "is missing", "say when to use this skill"));
  if (text.length > skillBounds.description)
    problems.push(at("description", `is longer than ${skillBounds.description}`, "shorten it"));
  const strings = optionalStrings(value, (key, why, remedy) => problems.push(at(key, why, remedy)));
  return { head: { name: folder, description, ...strings }, problems, warnings };
}

function nameProblem(folder: string, name: unknown): string | null {
  if (typeof name !== "string") return "is missing";
  if (!skillName.test(name)) return "is no name of 1 to 64 of a-z 0-9 and single -";
  return name === folder ? null : `is not the name of the folder, ${folder}`;
}

type Complain = (key: string, why: string, remedy: string) => void;

function optionalStrings(
  value: Readonly<Record<string, unknown>>,
  complain: Complain,
): Omit<SkillHead, "name" | "description"> {
  const short = (key: string): string | null => {
    const one = value[key];
    if (one === undefined || one === null) return null;
    if (typeof one === "string" && one.length <= skillBounds.compatibility) return plainLine(one);
    complain(key, `is no text of at most ${skillBounds.compatibility} characters`, "shorten it");
    return null;
  };
  const { metadata } = value;
  if (metadata !== undefined && !isRecord(metadata))
    complain("metadata", "is no map", "write keys and texts below it");
  const category = isRecord(metadata) ? metadata["category"] : undefined;
  const tools = toolsOf(value["allowed-tools"]);
  if (tools === null) complain("allowed-tools", "is no list of names", "write names and spaces");
  return {
    license: short("license"),
    compatibility: short("compatibility"),
    category: typeof category === "string" ? plainLine(category).slice(0, 40) || null : null,
    allowedTools: tools ?? [],
  };
}

/** `Bash(git:*) read_file` → Bash, read_file. */
function toolsOf(value: unknown): string[] | null {
  if (value === undefined || value === null) return [];
  const texts = typeof value === "string" ? [value] : value;
  if (!Array.isArray(texts) || !texts.every((one) => typeof one === "string")) return null;
  const words = texts
    .join(" ")
    .replace(/\([^)]*\)/g, " ")
    .split(/[\s,]+/);
  return [...new Set(words.map((word) => plainLine(word).slice(0, 100)).filter(Boolean))];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function mapIn(document: Document): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    return isRecord(value) ? value : null;
  } catch (error) {
    // An alias, which toJS is told to refuse.
    if (!(error instanceof ReferenceError)) throw error;
    return null;
  }
}

function offsetOf({ contents }: Document, key: string): number | null {
  if (!isMap(contents)) return null;
  const pair = contents.items.find(
    (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key,
  );
  return pair !== undefined && isScalar(pair.key) ? (pair.key.range?.[0] ?? null) : null;
}
