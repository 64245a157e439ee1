/**
 * `con approvals approve|deny ID`: a person's word, through the steward, or to the agent whose task waits for it.
 * Root and group trusted.
 */
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
import { answerHeld, heldQuestion } from "./held.ts";
import { installed, type Where } from "./look.ts";

const heldHelp = `A task that asks whether it goes on is told directly, without the steward; keys then: id, agent, task,
requested, inbox.`;

type Decide = (argv: readonly string[], io: Io, where?: Where) => Promise<number>;

export const approve = verb(
  "approve",
  "Agree that it is done.",
  `Read con approvals show ID first: exactly that is done, once. The kernel says who you are; no agent can
approve, and nobody counts twice.`,
  "",
);

export const deny = verb(
  "deny",
  "Refuse it; the agent is told why.",
  "One person is enough, however many it would take to approve it.",
  ' --why "not on a Friday"',
);

function verb(name: "approve" | "deny", description: string, text: string, rest: string): Decide {
  const id = "01890a5d-ac96-874b-bcce-b302099a8057";
  const example = `${text} ${askHelp}\n${heldHelp}\n\nExample:\n  con approvals ${name} ${id}${rest}`;
  return async (argv, io, where) => {
    const whole = `con approvals ${name}`;
    const command = withAskOptions(newCommand(`approvals ${name}`, description, example)).argument(
      "<id>",
      "from con approvals",
    );
    if (parse(command, argv, io) === "help") return exit.ok;
    const [approval = ""] = command.args;
    const options = command.opts<AskOptions>();
    if (!isId(approval.split("/").at(-1) ?? ""))
      throw new ConError(exit.badInput, approval || "nothing", "it is no id", "see con approvals");
    if (name === "deny" && options.why.trim() === "")
      throw new ConError(exit.usage, whole, "--why is missing", "say why: the agent is told");
    const why = oneLine(options.why);
    const place = where ?? installed(io);
    const held = heldQuestion(io, approval, place);
    const word = { verb: name, why, json: options.json === true };
    if (held !== null) return answerHeld(io, held, word, place);
    return askSteward(io, whole, { verb: name, approval }, options);
  };
}
