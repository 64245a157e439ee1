/** `con agent add|amend|remove`: a new agent, another manifest for one, or its end, by the steward. Root and group trusted. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { maxTextBytes } from "../../steward/places.ts";
import { errnoOf } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { type AskOptions, askHelp, askSteward, withAskOptions } from "../shared/ask-steward.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";

const addExample = `FILE is a manifest (docs: configuration.md, "agents.d/NAME.yaml"); - reads standard input. It is checked as con
bootstrap would check it, beside all others, and put to /etc/con/agents.d/NAME.yaml. Then user, directories,
rights, packet rules and units are made, all of it or nothing. ${askHelp}

Example:
  con agent add scribe.yaml --instructions scribe.md
  con agent add - <scribe.yaml`;

export async function addAgent(argv: readonly string[], io: Io): Promise<number> {
  const command = withAskOptions(newCommand("agent add", "Commission a new agent.", addExample))
    .argument("<file>", "its manifest; - reads standard input")
    .option("--instructions <file>", "becomes agents.d/NAME.md");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<AskOptions & { readonly instructions?: string }>();
  const manifest = await readText(io, command.args[0] ?? "");
  const more = await instructionsIn(io, options.instructions);
  return askSteward(io, "con agent add", { verb: "commission", manifest, ...more }, options);
}

const amendExample = `FILE is the whole manifest that the agent gets in place of its own; - reads standard input. It is checked as con
bootstrap would check it. The agent's instructions stay unless --instructions is given. Everything follows: rights
that are not in FILE are taken away at once, a task under way goes on. For one right more or less:
con agent grant, con agent revoke. ${askHelp}

Example:
  con agent amend scribe scribe.yaml
  con agent amend scribe scribe.yaml --instructions scribe.md --why "takes over the reports"`;

export async function amendAgent(argv: readonly string[], io: Io): Promise<number> {
  const command = withAskOptions(
    newCommand("agent amend", "Give an agent another manifest.", amendExample),
  )
    .argument("<name>", "an agent")
    .argument("<file>", "its new manifest; - reads standard input")
    .option("--instructions <file>", "becomes agents.d/NAME.md");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<AskOptions & { readonly instructions?: string }>();
  const [agent = "", file = ""] = command.args;
  const manifest = await readText(io, file);
  const request = { verb: "amend", agent, manifest } as const;
  const more = await instructionsIn(io, options.instructions);
  return askSteward(io, "con agent amend", { ...request, ...more }, options);
}

const instructionsIn = async (io: Io, file: string | undefined) =>
  file === undefined ? {} : { instructions: await readText(io, file) };

const removeExample = `Stops it, archives its data in /srv/con/archive (root only), takes away its manifest, user, units, rights and
packet rules. Manifests that let others task it lose that line. Its uid is never given to another. The front
desk cannot be removed. ${askHelp}

Example:
  con agent remove scribe`;

export async function removeAgent(argv: readonly string[], io: Io): Promise<number> {
  const command = withAskOptions(
    newCommand("agent remove", "Retire an agent and archive its data.", removeExample),
  ).argument("<name>", "an agent");
  if (parse(command, argv, io) === "help") return exit.ok;
  const [agent = ""] = command.args;
  return askSteward(io, "con agent remove", { verb: "retire", agent }, command.opts<AskOptions>());
}

async function readText(io: Io, file: string): Promise<string> {
  const what = file === "-" ? "standard input" : file;
  const bytes = file === "-" ? await readInput(io) : readFile(resolve(io.cwd, file), file);
  if (bytes.length > maxTextBytes) throw bad(what, `it is larger than ${maxTextBytes} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw bad(what, "it is not UTF-8 text");
  }
}

const bad = (what: string, why: string): ConError =>
  new ConError(
    exit.badInput,
    what,
    why,
    "give a manifest of at most 64 KiB; see con agent add --help",
  );

/** No more than a little too much. */
async function readInput(io: Io): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of io.input()) {
    parts.push(part);
    size += part.length;
    if (size > maxTextBytes) break;
  }
  return Buffer.concat(parts);
}

function readFile(path: string, file: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === null) throw error;
    const fate = code === "EACCES" ? exit.permission : exit.badInput;
    throw new ConError(fate, file, `it cannot be read (${code})`, "name a file that you may read");
  }
}
