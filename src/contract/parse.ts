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
  const source = readSource(file);
  if (Array.isArray(source)) return unreadable(source);
  const places = { id: source.locate(["id"]), dependsOn: source.locate(["depends_on"]) };
  const issues = source.value === null ? [emptyFile] : validate(source.value).map(inOurWords);
  if (issues.length > 0)
    return { contract: null, id: idOf(source), problems: problemsOf(source, issues), places };
  const raw = source.value as RawContract;
  const { contract, broken } = readContract(raw, file.path);
  const problems = problemsOf(source, broken);
  return { contract: problems.length === 0 ? contract : null, id: raw.id, problems, places };
}

const start: Position = { line: 1, column: 1 };

const unreadable = (faults: readonly Fault[]): ParsedContract => ({
  contract: null,
  id: null,
  problems: faults.map((fault) => ({
    ...fault,
    key: "",
    remedy: "see https://yaml.org/spec/1.2.2/ or copy a working file",
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

const problemsOf = (source: Source, broken: readonly Broken[]): BadContract["problems"] =>
  broken.map(({ path, of, why, remedy }) => ({
    ...source.locate(path, of),
    key: path.join("."),
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
