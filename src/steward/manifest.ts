/**
 * The text of a manifest → the agent that it describes, checked as bootstrap would check it, beside all other
 * manifests there are. Pure but for looking which roles exist.
 *
 * Never: writes; accepts a name that is no file name; accepts what bootstrap would leave out.
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import { namePattern } from "../config/grammar.ts";
import { type ConfigFiles, parseConfig } from "../config/parse.ts";
import { readSource } from "../config/source.ts";
import { type RawSystem, readSystemPart } from "../config/system.ts";
import type { Agent, Config, Problem } from "../config/types.ts";
import { maxTextBytes } from "./places.ts";
import type { GrantLists } from "./types.ts";

export type Checked =
  | {
      readonly ok: true;
      readonly agent: Agent;
      /** With the agent in it. */
      readonly config: Config;
      /** The alias of agents of its tier that name none. */
      readonly defaultModel: string;
    }
  | { readonly ok: false; readonly why: string };

const no = (why: string): Checked => ({ ok: false, why });

/** More than that helps nobody. */
const maxProblems = 5;

/** `directory` is /etc/con; `files` are what lies in it now. */
export function checkManifest(directory: string, files: ConfigFiles, text: string): Checked {
  if (Buffer.byteLength(text) > maxTextBytes)
    return no(`the manifest is larger than ${maxTextBytes} bytes: move text to the instructions`);
  const name = nameIn(text);
  if ("why" in name) return no(name.why);
  const path = `${name.name}.yaml`;
  const others = files.agents.filter(
    (one) => basename(one.path).replace(/\.ya?ml$/, "") !== name.name,
  );
  const { config, problems } = parseConfig({ ...files, agents: [...others, { path, text }] });
  const own = problems.filter(({ agent }) => agent === name.name || agent === null);
  if (config === null || own.length > 0)
    return no(own.slice(0, maxProblems).map(inWords).join("; "));
  const agent = config.agents.find((one) => one.name === name.name);
  if (agent === undefined) return no(`${path}: it was left out: see con bootstrap --dry-run`);
  const role = agent.roles.find((one) => !existsSync(join(directory, "roles", one)));
  if (role !== undefined)
    return no(`${path}: roles: there is no role ${role}: see ${directory}/roles`);
  return { ok: true, agent, config, defaultModel: defaultModel(files, agent) };
}

function nameIn(text: string): { readonly name: string } | { readonly why: string } {
  const source = readSource({ path: "manifest", text });
  if (Array.isArray(source)) {
    const { line = 1, column = 1, why = "" } = source[0] ?? {};
    return { why: `manifest:${line}:${column}: ${why}: see https://yaml.org/spec/1.2.2/` };
  }
  const { value } = source;
  const name = typeof value === "object" && value !== null && "name" in value ? value.name : null;
  if (typeof name === "string" && namePattern.test(name)) return { name };
  const { line, column } = source.locate(["name"]);
  const shown = typeof name === "string" ? JSON.stringify(name.slice(0, 60)) : "nothing";
  const remedy = "a lower-case letter, then up to 30 of a-z 0-9 -";
  return { why: `manifest:${line}:${column}: name: ${shown} is no name of an agent: ${remedy}` };
}

const inWords = ({ file, line, column, key, why, remedy }: Problem): string =>
  [`${file}:${line}:${column}`, key, why, remedy].filter((part) => part !== "").join(": ");

function defaultModel({ system }: ConfigFiles, { tier }: Agent): string {
  const source = system === null ? [] : readSource(system);
  if (Array.isArray(source)) return "";
  return readSystemPart(source.value as RawSystem).part.defaultModels[tier];
}

/** One line at the end, so that the lines of the text keep their numbers. */
export const signed = (text: string, line: string): string => `${text.trimEnd()}\n# ${line}\n`;

/** The entries put into, or taken out of, the lists of `can`; comments stay. Null: nothing to change. */
export function withGrants(text: string, can: GrantLists, how: "grant" | "revoke"): string | null {
  const document = parseDocument(text);
  let changed = false;
  for (const [key, entries] of Object.entries(can))
    for (const entry of entries)
      changed =
        (how === "grant" ? add(document, key, entry) : take(document, key, entry)) || changed;
  return changed ? document.toString({ lineWidth: 0 }) : null;
}

type Yaml = ReturnType<typeof parseDocument>;

const same = (node: unknown, entry: string): boolean => textOf(node) === bare(entry);

/** `/a/b/**` and `/a/b` are the same grant. */
const bare = (text: string): string => text.replace(/\/\*\*$/, "");

/** An entry with bounds is a map of one key: what it is about. */
function textOf(node: unknown): string | null {
  if (isScalar(node)) return bare(String(node.value));
  const first = isMap(node) ? node.items[0]?.key : null;
  return isScalar(first) ? bare(String(first.value)) : null;
}

function add(document: Yaml, key: string, entry: string): boolean {
  const list = document.getIn(["can", key], true);
  if (isSeq(list)) {
    if (list.items.some((node) => same(node, entry))) return false;
    list.add(document.createNode(entry));
  } else document.setIn(["can", key], document.createNode([entry], { flow: true }));
  return true;
}

function take(document: Yaml, key: string, entry: string): boolean {
  const list = document.getIn(["can", key], true);
  if (!isSeq(list)) return false;
  const before = list.items.length;
  list.items = list.items.filter((node) => !same(node, entry));
  return list.items.length < before;
}
