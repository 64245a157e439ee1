/** `con agent pause|resume|kill|quarantine NAME`: asks the steward. Root and group trusted. */
import type { StewardVerb } from "../../steward/types.ts";
import { exit } from "../../system/errors.ts";
import { type AskOptions, askHelp, askSteward, withAskOptions } from "../shared/ask-steward.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";

type Ask = (argv: readonly string[], io: Io) => Promise<number>;

export const pauseAgent = verb(
  "pause",
  "pause",
  "Let an agent do no work until it is resumed.",
  `Its triggers are disarmed and its runner is told to end (SIGTERM; killed after 10 s). A task at hand goes
back to the queue and on from its journal after con agent resume. Tasks may still be sent; they wait.`,
);

export const resumeAgent = verb(
  "resume",
  "resume",
  "Take back con agent pause or quarantine.",
  `What waits is taken up at once. Where a con halt still holds the agent, that is said.`,
);

export const killAgent = verb(
  "kill",
  "kill_session",
  "End what an agent does now, by SIGKILL.",
  `For a session that hangs. Its task returns to the queue and is taken up again at once, from its journal;
a task that keeps ending its runner is given up. To stop the task itself: con cancel ID.`,
);

export const quarantineAgent = verb(
  "quarantine",
  "quarantine",
  "Cut an agent off, and keep everything for an examination.",
  `Kills what it runs, disarms its triggers and closes its inbox for everybody. Its files stay as they are. It
holds over con bootstrap and a reboot, until con agent resume.`,
);

function verb(name: string, asks: StewardVerb, description: string, text: string): Ask {
  const example = `${text} ${askHelp}\n\nExample:\n  con agent ${name} concierge`;
  return async (argv, io) => {
    const command = withAskOptions(newCommand(`agent ${name}`, description, example)).argument(
      "<name>",
      "an agent",
    );
    if (parse(command, argv, io) === "help") return exit.ok;
    const [agent = ""] = command.args;
    const request = { verb: asks, agent };
    return askSteward(io, `con agent ${name}`, request, command.opts<AskOptions>());
  };
}
