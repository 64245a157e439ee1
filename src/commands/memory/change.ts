/** `con memory forget|restore NAME ID`: a person's word on one memory. Forgetting is soft for 30 days. */
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { safeJson, safeLine } from "../shared/text.ts";
import { askMemory } from "./ask.ts";
import { fieldsOf, wordOf } from "./request.ts";

const words = {
  forget: { title: "Forget one memory; it can be brought back for 30 days.", done: "forgotten" },
  restore: { title: "Bring back what was forgotten or replaced.", done: "back" },
} as const;

const exampleOf = (verb: Verb): string => `Root only. Keys of --json: id.

Exit code: 0 done, 65 there is none, 77 not root.

Example:
  con memory ${verb} concierge m12`;

type Verb = keyof typeof words;

const changing =
  (verb: Verb) =>
  async (argv: readonly string[], io: Io): Promise<number> => {
    const command = newCommand(`memory ${verb}`, words[verb].title, exampleOf(verb))
      .argument("<name>", "the agent")
      .argument("<id>", "from con memory search")
      .option("--json", "print JSON");
    if (parse(command, argv, io) === "help") return exit.ok;
    const [name = "", id = ""] = command.args;
    const value = await askMemory(io, name, { verb, id });
    if (command.opts<{ json?: boolean }>().json === true) io.out(safeJson(value));
    else io.out(`${safeLine(wordOf(fieldsOf(value), "id"))} is ${words[verb].done}\n`);
    return exit.ok;
  };

export const forgetMemory = changing("forget");
export const restoreMemory = changing("restore");
