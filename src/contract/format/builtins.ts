/** The built-in checks by name: their short forms, and what their schema cannot say. Pure. */
import type { KeyPath } from "../../config/source.ts";
import type { BuiltinArguments } from "../types.ts";
import type { Broken, Read } from "./broken.ts";

/** The argument that a bare text stands for (`path_exists: /x`); null where there is no short form. */
const shortForms = {
  path_exists: "path",
  path_not_exists: "path",
  regex_in_file: null,
  no_regex_in_file: null,
  yaml_key: null,
  json_key: null,
  toml_key: null,
  env_var: "name",
  no_env_var: "name",
  command_available: "name",
  disk_free: null,
  memory_free: null,
  load: null,
  unit_active: "unit",
  unit_not_failed: "unit",
  path_mode: null,
  acl: null,
  file_hash: null,
  user_exists: "name",
  port_listening: null,
  credential_readable_by: null,
  queue_age: null,
  budget_left: null,
  gpu_present: null,
  nft_rule: null,
  drift: null,
  runner_stuck: null,
  poison_waiting: null,
  memory_whole: null,
  outbox_complete: null,
  ledger_intact: null,
  upstream_success: null,
  gateway_ready: null,
  clock_jump: null,
  journal_size: null,
  log_writable: "path",
  no_secrets: null,
  git_remotes: null,
  privilege_free: null,
  escape_attempt: null,
  logs_chain: null,
} as const;

export type BuiltinName = keyof typeof shortForms;

export const builtinNames = Object.keys(shortForms) as readonly BuiltinName[];

const patternArguments = ["pattern", "matches"];

export function readBuiltin(
  name: BuiltinName,
  raw: unknown,
  path: KeyPath,
): Read<BuiltinArguments> {
  const short = shortForms[name];
  const written: BuiltinArguments =
    typeof raw === "string" && short !== null
      ? { [short]: raw }
      : ((raw ?? {}) as BuiltinArguments);
  const value: Record<string, unknown> = { ...written };
  const broken: Broken[] = [];
  for (const key of patternArguments) {
    if (typeof value[key] !== "string") continue;
    const pattern = readPattern(value[key], [...path, key]);
    value[key] = pattern.value;
    broken.push(...pattern.broken);
  }
  return { value, broken: [...broken, ...oddities(name, value, path)] };
}

/** Leading `(?i)`, which other engines know, is written `(?i:…)` here. */
export function readPattern(text: string, path: KeyPath): Read<string> {
  const inline = /^\(\?([ims]{1,3})\)/.exec(text);
  const value = inline === null ? text : `(?${inline[1]}:${text.slice(inline[0].length)})`;
  try {
    new RegExp(value);
    return { value, broken: [] };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const remedy = "expected a regular expression of JavaScript";
    return { value, broken: [{ path, why: error.message, remedy }] };
  }
}

function oddities(name: BuiltinName, value: BuiltinArguments, path: KeyPath): Broken[] {
  if (name === "port_listening") {
    const given = ["port", "socket"].filter((key) => value[key] !== undefined);
    if (given.length === 1) return [];
    const why =
      given.length === 0 ? "neither port nor socket is given" : "port and socket are given";
    return [{ path, why, remedy: "give one of the two" }];
  }
  if (!/^(yaml|json|toml)_key$/.test(name) || value["exists"] !== false) return [];
  if (value["equals"] === undefined && value["matches"] === undefined) return [];
  const why = "a key that must not exist has no value to compare";
  return [{ path: [...path, "exists"], why, remedy: "leave exists: false out" }];
}
