/** `con package add|remove`: by the steward, which alone writes layers. */
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { type LayerLanguage, layerLanguages, layersDirectory } from "../../system/layers/names.ts";
import { readLayers } from "../../system/layers/record.ts";
import { type AskOptions, askHelp, askSteward, withAskOptions } from "../shared/ask-steward.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { compiledForge } from "./listed.ts";

const addExample = `PACKAGE is NAME==VERSION, as con.yaml lists it under forge.packages. con-layer@.service fetches it and all that it needs
from its registry, as a user of its own, and runs nothing of it; then the steward looks at each file and lays them
down read-only in /var/lib/con/layers. What went in at first is locked: after remove, add brings the same. ${askHelp}

Example:
  con package add left-pad==1.3.0
  con package add six==1.17.0 --language python`;

export async function addPackage(argv: readonly string[], io: Io): Promise<number> {
  const command = withLanguage("package add", "Install a package for forged tools.", addExample);
  if (parse(command, argv, io) === "help") return exit.ok;
  const [name = ""] = command.args;
  const options = command.opts<Options>();
  const known = compiledForge(io).packages;
  const language = languageOf(name, options.language, known);
  const request = { verb: "install_layer", language, package: name } as const;
  // The installer has four minutes.
  return askSteward(io, "con package add", request, {
    ...options,
    meanwhile: `${name} is being fetched, which takes four minutes at most, after those asked for before; Ctrl-C ends this command alone`,
    timeout: Math.max(options.timeout, 300),
  });
}

const removeExample = `Takes its layer away. Tools that see it do not run until it is installed again: the next forging of a tool that needs it
does that, or con package add, unless con.yaml lists it no more. ${askHelp}

Example:
  con package remove left-pad==1.3.0`;

export async function removePackage(argv: readonly string[], io: Io): Promise<number> {
  const command = withLanguage(
    "package remove",
    "Take the layer of a package away.",
    removeExample,
  );
  if (parse(command, argv, io) === "help") return exit.ok;
  const [name = ""] = command.args;
  const options = command.opts<Options>();
  const { records } = readLayers(nodeDisk, layersDirectory);
  const language = languageOf(name, options.language, [...compiledForge(io).packages, ...records]);
  const request = { verb: "remove_layer", language, package: name } as const;
  return askSteward(io, "con package remove", request, options);
}

type Options = AskOptions & { readonly language?: string };

const withLanguage = (name: string, summary: string, example: string) =>
  withAskOptions(newCommand(name, summary, example))
    .argument("<package>", "NAME==VERSION")
    .option("--language <language>", "node or python, where con.yaml lists both");

function languageOf(
  name: string,
  given: string | undefined,
  known: readonly { readonly package: string; readonly language: LayerLanguage }[],
): LayerLanguage {
  const found = layerLanguages.filter(
    (language) =>
      (given === undefined || given === language) &&
      (given !== undefined ||
        known.some((one) => one.package === name && one.language === language)),
  );
  const [language] = found;
  if (language !== undefined && found.length === 1) return language;
  const why =
    given !== undefined
      ? `${given} is no language of packages`
      : found.length === 0
        ? "con.yaml does not list it under forge.packages"
        : "there is one for node and one for python";
  throw new ConError(
    exit.usage,
    `package ${name}`,
    why,
    found.length === 0 && given === undefined
      ? "a person adds it to con.yaml, then con bootstrap; see con package list"
      : "say --language node or --language python",
  );
}
