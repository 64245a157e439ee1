/** `con proposal rollback ID`: takes a change back, through the steward. Root and group trusted. */
import { ConError, exit } from "../../system/errors.ts";
import { isId } from "../../task/id.ts";
import {
  type AskOptions,
  askHelp,
  askSteward,
  oneLine,
  withAskOptions,
} from "../shared/ask-steward.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";

const example = `Each file gets the text that it had before. Where a file was changed since, nothing is done: take the later
change back first. ${askHelp}

Example:
  con proposal rollback 01890a5d-ac96-874b-bcce-b302099a8057 --why "it forgets greetings"`;

export async function rollbackProposal(argv: readonly string[], io: Io): Promise<number> {
  const about = newCommand("proposal rollback", "Take back a change that was made.", example);
  const command = withAskOptions(about).argument("<id>", "from con proposal list");
  if (parse(command, argv, io) === "help") return exit.ok;
  const [proposal = ""] = command.args;
  if (!isId(proposal))
    throw new ConError(exit.badInput, proposal, "it is no id", "see con proposal list");
  const options = command.opts<AskOptions>();
  oneLine(options.why);
  return askSteward(io, "con proposal rollback", { verb: "rollback", proposal }, options);
}
