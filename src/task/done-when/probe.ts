/** One kind of check and its arguments: read strictly, and written back in the same form. Pure. */
import { schemaOf } from "./schema.ts";
import { type CompletionProbe, maxPathChars, type WantedValue } from "./types.ts";
import {
  type Fields,
  fieldsOf,
  lineOf,
  Malformed,
  malformed,
  pathOf,
  patternOf,
  scriptOf,
  wholeOf,
} from "./values.ts";

type Kind = CompletionProbe["kind"];
type Read = (where: string, value: unknown) => CompletionProbe;

const path =
  (kind: "path_exists" | "path_not_exists"): Read =>
  (where, value) => {
    if (typeof value === "string") return { kind, path: pathOf(where, value) };
    const fields = fieldsOf(where, value, ["path"]);
    return { kind, path: pathOf(`${where}.path`, fields["path"]) };
  };

const inFile =
  (kind: "regex_in_file" | "no_regex_in_file"): Read =>
  (where, value) => {
    const fields = fieldsOf(where, value, ["path", "pattern"]);
    return {
      kind,
      path: pathOf(`${where}.path`, fields["path"]),
      pattern: patternOf(`${where}.pattern`, fields["pattern"]),
    };
  };

const key =
  (kind: "json_key" | "yaml_key"): Read =>
  (where, value) => {
    const fields = fieldsOf(where, value, ["path", "key", "equals", "matches", "exists"]);
    return {
      kind,
      path: pathOf(`${where}.path`, fields["path"]),
      key: lineOf(`${where}.key`, fields["key"], maxPathChars),
      wanted: wanted(where, fields),
    };
  };

function wanted(where: string, fields: Fields): WantedValue {
  const given = ["equals", "matches", "exists"].filter((name) => Object.hasOwn(fields, name));
  if (given.length !== 1) throw new Malformed(`${where} needs one of equals, matches, exists`);
  const { equals, matches, exists } = fields;
  if (given[0] === "matches") return { matches: patternOf(`${where}.matches`, matches) };
  if (given[0] === "exists")
    return typeof exists === "boolean" ? { exists } : malformed(`${where}.exists`, "true or false");
  const isScalar = equals === null || ["string", "number", "boolean"].includes(typeof equals);
  const isInfinite = typeof equals === "number" && !Number.isFinite(equals);
  if (!isScalar || isInfinite) return malformed(`${where}.equals`, "a text, number, true or false");
  return { equals: equals as string | number | boolean | null };
}

const command: Read = (where, value) => {
  const fields = fieldsOf(where, value, ["run", "test", "exit_code", "output_matches"]);
  const { run, test, exit_code: exitCode, output_matches: matches } = fields;
  return {
    kind: "command",
    run: scriptOf(`${where}.run`, run),
    test: test === undefined ? null : scriptOf(`${where}.test`, test),
    exitCode: exitCode === undefined ? null : wholeOf(`${where}.exit_code`, exitCode, 0, 255),
    outputMatches: matches === undefined ? null : patternOf(`${where}.output_matches`, matches),
  };
};

const answer: Read = (where, value) => {
  if (typeof value === "string")
    return { kind: "answer_matches", pattern: patternOf(where, value) };
  const fields = fieldsOf(where, value, ["pattern"]);
  return { kind: "answer_matches", pattern: patternOf(`${where}.pattern`, fields["pattern"]) };
};

const answerJson: Read = (where, value) => {
  const { schema } = fieldsOf(where, value, ["schema"]);
  return { kind: "answer_json", schema: schemaOf(`${where}.schema`, schema) };
};

const readers: Readonly<Record<Kind, Read>> = {
  path_exists: path("path_exists"),
  path_not_exists: path("path_not_exists"),
  regex_in_file: inFile("regex_in_file"),
  no_regex_in_file: inFile("no_regex_in_file"),
  json_key: key("json_key"),
  yaml_key: key("yaml_key"),
  command,
  answer_matches: answer,
  answer_json: answerJson,
};

export const probeKinds = Object.keys(readers) as readonly Kind[];

export const readProbe = (where: string, kind: Kind, value: unknown): CompletionProbe =>
  readers[kind](`${where}.${kind}`, value);

/** What stands behind the kind in a file. */
export function probeArguments(probe: CompletionProbe): Fields {
  switch (probe.kind) {
    case "path_exists":
    case "path_not_exists":
      return { path: probe.path };
    case "regex_in_file":
    case "no_regex_in_file":
      return { path: probe.path, pattern: probe.pattern };
    case "json_key":
    case "yaml_key":
      return { path: probe.path, key: probe.key, ...probe.wanted };
    case "command":
      return {
        run: probe.run,
        ...(probe.test === null ? {} : { test: probe.test }),
        ...(probe.exitCode === null ? {} : { exit_code: probe.exitCode }),
        ...(probe.outputMatches === null ? {} : { output_matches: probe.outputMatches }),
      };
    case "answer_matches":
      return { pattern: probe.pattern };
    case "answer_json":
      return { schema: probe.schema };
  }
}
