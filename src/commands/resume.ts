/** `con resume`: ends what `con halt` began. Root and group trusted, through the steward. */
import { exit } from "../system/errors.ts";
import { type AskOptions, askHelp, askSteward, withAskOptions } from "./shared/ask-steward.ts";
import { type Io, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";

const example = `Agents that are paused or quarantined on their own stay so, and are named: con agent resume NAME.
${askHelp}

Example:
  con resume`;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = withAskOptions(newCommand("resume", "End every con halt.", example));
  if (parse(command, argv, io) === "help") return exit.ok;
  return askSteward(io, "con resume", { verb: "resume_all" }, command.opts<AskOptions>());
}
