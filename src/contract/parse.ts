/**
 * The text of one contract file → a `Contract`, or what is wrong with it by line and key. Pure.
 *
 * Takes the current format and the older ones. Never: guesses, repairs, or accepts a key that means
 * nothing. Loads ajv and yaml; the evaluator comes here only for files that it has not seen before.
 */
import { type Fault, type Position, readSource, type Source } from "../config/source.ts";
import type { SourceFile } from "../config/types.ts";
import { type Issue, type Validate, validatorOf } from "../config/validate.ts";
import { exemptions } from "./format/actions.ts";
import type { Broken } from "./format/broken.ts";
import { readCheck } from "./format/check.ts";
import { brokenPrevention } from "./format/preventive.ts";
import { listOf, type RawContract } from "./format/raw.ts";
import { readAgent, readSkipIf, readWhen } from "./format/when.ts";
import schema from "./schema/contract.schema.json" with { type: "json" };
import type { BadContract, Check, Contract, Severity } from "./types.ts";

export interface ParsedContract {
  readonly contract: Contract | null;
  /** Also of a contract with problems, where it can be told: others may depend on it. */
  readonly id: string | null;
  readonly problems: BadContract["problems"];
  /** For problems that show only beside other files. */
  readonly places: { readonly id: Position; readonly dependsOn: Position };
}

/** Compiles the schema: make it once for many files. */
export const contractValidator = (): Validate => validatorOf(schema);

/** `file.path` is absolute: scripts are found beside it. */
export function parseContract(
  file: SourceFile,
  validate: Validate = contractValidator(),
): ParsedContract {
  if (file.text.length > mostCharacters)
    return unreadable([tooLong], "shorten it, or make two of it");
  const source = readSource(file);
  if (Array.isArray(source)) return unreadable(source);
  const places = { id: source.locate(["id"]), dependsOn: source.locate(["depends_on"]) };
  const issues =
    source.value === null
      ? [emptyFile]
      : validate(source.value).slice(0, mostProblems).map(inOurWords).map(withShortKey);
  if (issues.length > 0)
    return { contract: null, id: idOf(source), problems: problemsOf(source, issues), places };
  const raw = source.value as RawContract;
  const { contract, broken } = readContract(raw, file.path);
  const problems = problemsOf(source, broken);
  return { contract: problems.length === 0 ? contract : null, id: raw.id, problems, places };
}

/** The parser compares each key with each: what a person wrote is far shorter. */
const mostCharacters = 64 * 1024;
const tooLong: Fault = { line: 1, column: 1, why: `it has more than ${mostCharacters} characters` };
/** Each costs a search for its line; and a file with so many is no contract. */
const mostProblems = 100;
const longestWhy = 200;
/** No key of ours is longer. What is may be a line of a file that somebody led us to. */
const longestKey = 64;

const start: Position = { line: 1, column: 1 };

const notYaml = "see https://yaml.org/spec/1.2.2/ or copy a working file";

const unreadable = (faults: readonly Fault[], remedy = notYaml): ParsedContract => ({
  contract: null,
  id: null,
  problems: faults.slice(0, mostProblems).map((fault) => ({
    ...fault,
    why: fault.why.length <= longestWhy ? fault.why : `${fault.why.slice(0, longestWhy)}…`,
    key: "",
    remedy,
  })),
  places: { id: start, dependsOn: start },
});

const emptyFile: Broken = {
  path: [],
  why: "it is empty",
  remedy:
    "write a contract; only in /etc/con/contracts an empty file means: without the shipped one",
};

function idOf({ value }: Source): string | null {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "id")) return null;
  const { id } = value as { readonly id: unknown };
  return typeof id === "string" ? id : null;
}

const inOurWords = (issue: Issue): Issue =>
  issue.path.includes("on_fail") && issue.why.startsWith('"require_exemption"')
    ? { ...issue, ...exemptions }
    : issue;

function withShortKey(issue: Issue): Issue {
  const last = issue.path.at(-1);
  if (issue.of !== "key" || typeof last !== "string" || last.length <= longestKey) return issue;
  return { ...issue, why: `there is no such key, of ${last.length} characters` };
}

const shortKey = (name: string | number): string =>
  String(name).length <= longestKey ? String(name) : "…";

const problemsOf = (source: Source, broken: readonly Broken[]): BadContract["problems"] =>
  broken.map(({ path, of, why, remedy }) => ({
    ...source.locate(path, of),
    key: path.map(shortKey).join("."),
    why,
    remedy,
  }));

function readContract(raw: RawContract, file: string): { contract: Contract; broken: Broken[] } {
  const when = readWhen(raw);
  const agent = readAgent(raw);
  const read = (raw.checks ?? []).map((check, index) => readCheck(check, ["checks", index], file));
  const checks = read.flatMap(({ value }) => value ?? []);
  const contract: Contract = {
    id: raw.id,
    description: raw.description,
    type: raw.type === "preventive" ? "preventive" : "detective",
    mechanism: raw.mechanism ?? null,
    enforcement: raw.enforcement ?? null,
    agent: agent.value,
    ...when.value,
    severity: raw.severity ?? worst(checks),
    tags: listOf(raw.tags),
    dependsOn: listOf(raw.depends_on),
    skipIf: readSkipIf(raw.skip_if),
    checks,
    file,
  };
  const broken = [
    ...brokenPrevention(raw),
    ...when.broken,
    ...agent.broken,
    ...read.flatMap((one) => one.broken),
    ...sameNames(read.map(({ value }) => value?.name ?? null)),
  ];
  return { contract, broken };
}

const severities: readonly Severity[] = ["critical", "high", "medium", "low"];

const worst = (checks: readonly Check[]): Severity =>
  severities.find((one) => checks.some(({ severity }) => severity === one)) ?? "medium";

function sameNames(names: readonly (string | null)[]): Broken[] {
  return names.flatMap((name, index) =>
    name === null || names.indexOf(name) === index
      ? []
      : [
          {
            path: ["checks", index, "name"],
            why: `${name} is the name of an earlier check`,
            remedy: "give each check a name of its own",
          },
        ],
  );
}
