/**
 * The text of a manifest → the agent that it describes, checked as bootstrap would check it, beside all other
 * manifests there are. Pure but for looking which roles exist.
 *
 * Never: writes; accepts a name that is no file name; accepts what bootstrap would leave out.
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { namePattern } from "../config/grammar.ts";
import { type ConfigFiles, parseConfig } from "../config/parse.ts";
import { readSource } from "../config/source.ts";
import { type RawSystem, readSystemPart } from "../config/system.ts";
import type { Agent, Config } from "../config/types.ts";
import { maxTextBytes } from "./places.ts";
import { problemInWords, quoted } from "./quote.ts";

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
    return no(own.slice(0, maxProblems).map(problemInWords).join("; "));
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
    return { why: `manifest:${line}:${column}: ${quoted(why)}: see https://yaml.org/spec/1.2.2/` };
  }
  const { value } = source;
  const name = typeof value === "object" && value !== null && "name" in value ? value.name : null;
  if (typeof name === "string" && namePattern.test(name)) return { name };
  const { line, column } = source.locate(["name"]);
  const shown = typeof name === "string" ? quoted(name.slice(0, 60)) : "nothing";
  const remedy = "a lower-case letter, then up to 30 of a-z 0-9 -";
  return { why: `manifest:${line}:${column}: name: ${shown} is no name of an agent: ${remedy}` };
}

function defaultModel({ system }: ConfigFiles, { tier }: Agent): string {
  const source = system === null ? [] : readSource(system);
  if (Array.isArray(source)) return "";
  return readSystemPart(source.value as RawSystem).part.defaultModels[tier];
}

/** One line at the end, so that the lines of the text keep their numbers. */
export const signed = (text: string, line: string): string => `${text.trimEnd()}\n# ${line}\n`;
