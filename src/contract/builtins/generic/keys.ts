/**
 * `yaml_key`, `json_key`, `toml_key`. The file may be an agent's: its parser runs for a bounded time, and
 * its values are compared, never said.
 */
import type { BuiltinArguments, BuiltinCheck, Verdict } from "../../types.ts";
import { judge, textIn, unable } from "../con/verdicts.ts";
import { bounded, matches } from "./bounded.ts";
import { readText } from "./look.ts";

type Parse = (text: string) => unknown;

const parseMs = 1000;
/** Aliases of YAML may multiply; more than this is made to hurt. */
const maxAliases = 100;

/** Parsers are loaded when a contract asks for one. */
export const yamlKey: BuiltinCheck = async (args) => {
  const { parse } = await import("../../../task/yaml-library.ts");
  return checkKey(args, (text) => parse(text, { maxAliasCount: maxAliases, logLevel: "error" }));
};
export const jsonKey: BuiltinCheck = async (args) => checkKey(args, (text) => JSON.parse(text));
export const tomlKey: BuiltinCheck = async (args) => {
  const { parse } = await import("smol-toml");
  return checkKey(args, parse);
};

function checkKey(args: BuiltinArguments, parse: Parse): Verdict {
  const path = textIn(args, "path");
  const key = textIn(args, "key");
  const text = readText(path);
  if (text.kind === "missing")
    return judge([{ found: `${path} does not exist`, key: `${path} missing` }], "");
  if (text.kind === "refused") return unable(text.why);
  const names = splitKey(key);
  if (names === null) return unable(`${key} is no key: write names with dots between, as in a.b.0`);
  const parsed = parseBounded(parse, text.value);
  if (typeof parsed === "string") return unable(`${path}: ${parsed}`);
  return judgeKey(args, `${key} in ${path}`, valueAt(parsed.value, names));
}

/** The parser's own words could quote the file. */
function parseBounded(parse: Parse, text: string): { readonly value: unknown } | string {
  try {
    const done = bounded(parseMs, () => parse(text));
    return done.kind === "done"
      ? { value: done.value }
      : `to parse it takes more than ${parseMs} ms`;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return "it cannot be parsed";
  }
}

/** `a.b[0].c`, `a.b.0.c`, `a["b.c"]`; null for anything else. */
export function splitKey(key: string): readonly string[] | null {
  const part = /\.([^.[\]"]+)|\[(\d+)\]|\["([^"]+)"\]/y;
  const whole = key.startsWith("[") ? key : `.${key}`;
  const names: string[] = [];
  while (part.lastIndex < whole.length) {
    const match = part.exec(whole);
    if (match === null) return null;
    names.push(match[1] ?? match[2] ?? match[3] ?? "");
  }
  return names;
}

/** Undefined where there is none; what objects inherit is not in a file. */
function valueAt(value: unknown, names: readonly string[]): unknown {
  let here = value;
  for (const name of names) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[name];
  }
  return here;
}

function judgeKey(args: BuiltinArguments, name: string, value: unknown): Verdict {
  const there = value !== undefined;
  if (args["exists"] === false) return say(!there, there ? `${name} is there` : `no ${name}`);
  if (!there) return say(false, `there is no ${name}`);
  if (Object.hasOwn(args, "equals")) {
    const wanted = args["equals"];
    if (same(value, wanted)) return say(true, `${name} is as wanted`);
    return say(false, `${name} is ${typeName(value)} other than ${JSON.stringify(wanted)}`);
  }
  const pattern = args["matches"];
  if (typeof pattern !== "string") return say(true, `${name} is there`);
  if (typeof value === "object") return say(false, `${name} is ${typeName(value)}, not a text`);
  const answer = matches(pattern, String(value));
  if (answer.kind === "error") return unable(answer.why);
  const verb = answer.kind === "yes" ? "matches" : "does not match";
  return say(answer.kind === "yes", `${name} ${verb} ${pattern}`);
}

const say = (right: boolean, found: string): Verdict =>
  judge(right ? [] : [{ found, key: found }], found);

/** TOML has big integers and dates. */
function same(value: unknown, wanted: unknown): boolean {
  if (typeof value === "bigint") return typeof wanted === "number" && value === BigInt(wanted);
  if (value instanceof Date) return String(wanted) === value.toISOString();
  return value === wanted;
}

function typeName(value: unknown): string {
  if (value === null) return "null,";
  if (Array.isArray(value)) return "a list,";
  return typeof value === "object" ? "a map," : `a ${typeof value}`;
}
