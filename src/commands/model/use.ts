/**
 * `con model use`: changes con.yaml, then applies it. Root only.
 *
 * Never: writes a file that would not parse. After a crash: the old con.yaml or the new one, and
 * `con bootstrap` brings the machine to what it says.
 */
import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { loadConfigFiles } from "../../config/load.ts";
import { type ConfigFiles, parseConfig } from "../../config/parse.ts";
import type { Config } from "../../config/types.ts";
import { nodeDisk } from "../../system/disk.ts";
import { replaceDurably } from "../../system/durable.ts";
import { ConError, exit } from "../../system/errors.ts";
import { type ConfigPlaces, mustBeRoot, storedCredentials } from "../shared/credentials.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { type Execute, reapply } from "../shared/reapply.ts";
import { problemLine } from "../shared/report.ts";
import { chooseModel } from "./edit.ts";
import { nameModel } from "./name.ts";

const example = `Without --alias every alias but embedder changes. The model becomes the only one of the alias, so that
a task waits while it is away; --keep leaves the present ones behind it as fallbacks. Price and context
of an alias go when its first model changes. MODEL * is the first that the provider lists.

openai, anthropic, google and openrouter need no --base-url, and take the credential of their own name.

Example:
  con credential set openrouter
  con model use openrouter/anthropic/claude-sonnet-4.6 --alias smart
  con model use local/llama3 --base-url http://192.168.1.5:11434/v1
  con model use builtin/reflex`;

interface Options {
  readonly baseUrl?: string;
  readonly credential?: string;
  readonly alias?: string;
  readonly keep?: boolean;
}

export interface UseDeps {
  readonly places: ConfigPlaces;
  readonly execute: Execute;
  readonly self: readonly [string, string];
}

export async function useModel(argv: readonly string[], io: Io, deps: UseDeps): Promise<number> {
  const command = newCommand("model use", "Let agents use another model.", example)
    .argument("<[provider/]model>", "e.g. openrouter/google/gemini-2.5-flash")
    .option("--base-url <url>", "where the provider's OpenAI-compatible endpoint is")
    .option("--credential <name>", "the key it needs, see con credential set")
    .option("--alias <names>", "which aliases, with commas between them")
    .option("--keep", "keep the models that the aliases have now, as fallbacks");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { places } = deps;
  if (!places.dev) mustBeRoot(io, "model use", "con.yaml");
  const options = command.opts<Options>();
  const files = loadConfigFiles(places.etc);
  const config = valid(files, "correct it first");
  const stored = storedCredentials(places) ?? new Set<string>();
  const named = nameModel(
    {
      typed: command.args[0] ?? "",
      baseUrl: options.baseUrl ?? null,
      credential: options.credential ?? null,
    },
    config,
    stored,
  );
  const aliases = aliasesOf(options.alias, config);
  const keep = options.keep === true;
  save(places, files, chooseModel(files.system?.text ?? "", { ...named, aliases, keep }));
  io.out(`${aliases.join(", ")} now: ${named.model}\n`);
  for (const line of advice(named.provider?.credential ?? null, stored, places)) io.out(line);
  return places.dev ? exit.ok : reapply(deps.execute, deps.self, io);
}

function aliasesOf(option: string | undefined, { models }: Config): readonly string[] {
  const known = Object.keys(models);
  if (option === undefined) return known.filter((name) => name !== "embedder");
  const wanted = [...new Set(option.split(",").map((name) => name.trim()))];
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return wanted;
  const remedy = `the aliases are ${known.join(", ")}; a new one is written into con.yaml`;
  throw new ConError(exit.badInput, unknown, "there is no such alias", remedy);
}

/** The configuration, or 78 with its first problem that is not a single agent's. */
function valid(files: ConfigFiles, remedy: string): Config {
  const { config, problems } = parseConfig(files);
  if (config !== null) return config;
  const [first] = problems;
  const why = first === undefined ? "it is not valid" : problemLine(first);
  throw new ConError(exit.configuration, "con.yaml", why, remedy);
}

function save(places: ConfigPlaces, files: ConfigFiles, text: string): void {
  const path = realpathSync(join(places.etc, "con.yaml"));
  valid({ ...files, system: { path, text } }, "nothing was changed");
  replaceDurably(nodeDisk, path, Buffer.from(text), statSync(path).mode & 0o777);
}

function advice(
  credential: string | null,
  stored: ReadonlySet<string>,
  { dev }: ConfigPlaces,
): string[] {
  if (dev) return ["start con dev again to use it\n"];
  if (credential === null || stored.has(credential)) return [];
  return [`there is no credential ${credential} yet: con credential set ${credential}\n`];
}
