/** Verbs with verbs below them (`con model use`): picks one, or says which there are. */
import { ConError, exit } from "../../system/errors.ts";
import type { Io } from "./io.ts";
import { nearest } from "./nearest.ts";
import { newCommand, parse } from "./parse.ts";

export interface Subverb {
  readonly summary: string;
  readonly run: (argv: readonly string[], io: Io) => Promise<number>;
}

export interface Group {
  /** `model` for `con model`. */
  readonly name: string;
  readonly description: string;
  readonly example: string;
  readonly verbs: Readonly<Record<string, Subverb>>;
}

export async function runSubverb(group: Group, argv: readonly string[], io: Io): Promise<number> {
  const [verb, ...rest] = argv;
  if (verb === undefined || verb === "--help" || verb === "-h") {
    const command = newCommand(group.name, group.description, helpOf(group));
    parse(command.usage("COMMAND [ARGUMENT...]"), ["--help"], io);
    return verb === undefined ? exit.usage : exit.ok;
  }
  const names = Object.keys(group.verbs);
  const found = Object.hasOwn(group.verbs, verb) ? group.verbs[verb] : undefined;
  if (found !== undefined) return found.run(rest, io);
  const guess = nearest(verb, names);
  const hint = guess === null ? `it has ${names.join(", ")};` : `did you mean ${guess}?`;
  const why = `there is no con ${group.name} ${verb}`;
  throw new ConError(exit.usage, `con ${group.name}`, why, `${hint} see con ${group.name} --help`);
}

function helpOf({ verbs, example }: Group): string {
  const width = Math.max(...Object.keys(verbs).map((name) => name.length));
  const lines = Object.entries(verbs).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`,
  );
  return `Commands:\n${lines.join("\n")}\n\n${example}`;
}
