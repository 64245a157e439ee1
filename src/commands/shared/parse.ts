/**
 * Commander, tamed: help goes to standard output and ends with 0, every misuse becomes a ConError
 * with 64. Never: ends the process.
 */
import { Command, CommanderError } from "commander";
import { ConError, exit } from "../../system/errors.ts";
import type { Io } from "./io.ts";

/** An empty command `con NAME` with an example under its help. */
export function newCommand(name: string, description: string, example: string): Command {
  return new Command(`con ${name}`)
    .description(description)
    .helpOption("-h, --help", "show this help")
    .showSuggestionAfterError(true)
    .addHelpText("after", `\n${example.trimEnd()}`);
}

/** Reads `argv` (what stands behind the verb) into `command`; `help` when that was all to be done. */
export function parse(command: Command, argv: readonly string[], io: Io): "parsed" | "help" {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.out(text),
    writeErr: () => undefined,
    getOutHasColors: () => false,
  });
  try {
    command.parse([...argv], { from: "user" });
    return "parsed";
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return "help";
    throw misuse(command.name(), error.message);
  }
}

function misuse(name: string, message: string): ConError {
  const [first = message, ...hints] = message.replace(/^error: /, "").split("\n");
  const hint = hints.length === 0 ? "" : `${hints.join(" ").replace(/[()]/g, "")} `;
  return new ConError(exit.usage, name, first, `${hint}see ${name} --help`);
}

/** An option's value as a whole number of at least `least`; 64 otherwise. */
export function wholeNumber(option: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    const remedy = `give a whole number of at least ${least}`;
    throw new ConError(exit.usage, option, `${text || "nothing"} is not a number`, remedy);
  };
}
