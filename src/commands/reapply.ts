/** `con reapply [KIND…]`: brings back what drifted. Root and group trusted, through the steward. */
import { nearest } from "../config/nearest.ts";
import { factKinds } from "../host/kinds.ts";
import { ConError, exit } from "../system/errors.ts";
import { type AskOptions, askHelp, askSteward, withAskOptions } from "./shared/ask-steward.ts";
import { type Io, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";

const example = `Makes the machine what the latest con bootstrap promised, of the kinds that you name or of all:
${factKinds.join(", ")}. Edits of /etc/con since then are not
applied: that is con bootstrap. con verify shows what differs. ${askHelp}

Example:
  con reapply rules units`;

const known: readonly string[] = factKinds;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = withAskOptions(
    newCommand("reapply", "Bring back what drifted from what was promised.", example),
  ).argument("[kind...]", factKinds.join(", "));
  if (parse(command, argv, io) === "help") return exit.ok;
  const odd = command.args.find((kind) => !known.includes(kind));
  if (odd !== undefined) {
    const guess = nearest(odd, factKinds);
    const remedy = guess === null ? `the kinds are: ${known.join(", ")}` : `did you mean ${guess}?`;
    throw new ConError(exit.usage, `reapply ${odd}`, "there is no such kind of fact", remedy);
  }
  const request = { verb: "reapply" as const, facts: command.args };
  return askSteward(io, "con reapply", request, command.opts<AskOptions>());
}
