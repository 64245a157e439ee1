/** `con halt workers|agents`: stops all of them at once. Root and group trusted, through the steward. */
import { nearest } from "../config/nearest.ts";
import { ConError, exit } from "../system/errors.ts";
import { type AskOptions, askHelp, askSteward, withAskOptions } from "./shared/ask-steward.ts";
import { type Io, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";

const example = `Stops runners, schedules and everything that wakes them; it holds over a reboot, until con resume.
Tasks at hand go back to the queue and on from their journal afterwards; tasks that arrive wait. The
gateway, the healthcheck and the steward go on. ${askHelp}

Example:
  con halt workers --why "runaway costs"
  con resume`;

const scopes = ["workers", "agents"];

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = withAskOptions(
    newCommand("halt", "Stop all workers or all agents.", example),
  ).argument("<scope>", "workers or agents");
  if (parse(command, argv, io) === "help") return exit.ok;
  const [scope = ""] = command.args;
  if (!scopes.includes(scope)) {
    const remedy = `did you mean con halt ${nearest(scope, scopes) ?? "agents"}? see con halt --help`;
    throw new ConError(exit.usage, `halt ${scope}`, "it takes workers or agents", remedy);
  }
  return askSteward(io, "con halt", { verb: "halt", scope }, command.opts<AskOptions>());
}
