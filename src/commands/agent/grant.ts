/** `con agent grant|revoke NAME`: changes what an agent's manifest allows, by the steward. Root and group trusted. */
import { parseInstant } from "../../config/grammar.ts";
import type { GrantBounds, GrantEntry, GrantLists } from "../../steward/types.ts";
import { ConError, exit } from "../../system/errors.ts";
import { type AskOptions, askHelp, askSteward, withAskOptions } from "../shared/ask-steward.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse, wholeNumber } from "../shared/parse.ts";

const grantExample = `Puts entries into can: of /etc/con/agents.d/NAME.yaml, where comments stay, and lets the machine follow: access
lists, mounts, packet rules, tools. It holds from the agent's next call on, also in a task that is under way.
Bounds are of all entries of one command; --uses and --per-minute are of tools. What is there already and
allows as much stays; what allows less gets the new bounds. ${askHelp}

Example:
  con agent grant scribe --write /srv/con/artifacts/drafts
  con agent grant scribe --network api.example.org:443 --for 2h --why "one import"
  con agent grant scribe --model adviser --model analyst
  con agent grant scribe --tool shell --uses 20 --until 2027-01-31T09:00:00Z
  con agent grant scribe --read /srv/con/artifacts/a --read /srv/con/artifacts/b --task editor`;

const revokeExample = `Takes entries out of can: of /etc/con/agents.d/NAME.yaml, with their bounds. The very next call meets it, in
access lists, mounts, packet rules and tools; what runs at that moment is stopped, and its task goes on. An entry
that a wider one covers is not taken out but named. ${askHelp}

Example:
  con agent revoke scribe --network api.example.org:443
  con agent revoke scribe --write /srv/con/artifacts/drafts --tool shell`;

interface Lists {
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  readonly task?: readonly string[];
  readonly network?: readonly string[];
  readonly tool?: readonly string[];
  readonly model?: readonly string[];
}

interface Bounds {
  readonly until?: string;
  readonly for?: string;
  readonly uses?: number;
  readonly perMinute?: number;
}

export async function grantToAgent(argv: readonly string[], io: Io): Promise<number> {
  const command = withLists(newCommand("agent grant", "Give an agent a right.", grantExample))
    .option("--until <time>", "when it ends, RFC 3339 with its zone", instant)
    .option("--for <time>", "how long it holds: 30min, 2h, 7d", span)
    .option("--uses <number>", "of a tool: calls in all", wholeNumber("--uses", 1))
    .option("--per-minute <number>", "of a tool: calls a minute", wholeNumber("--per-minute", 1));
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<AskOptions & Lists & Bounds>();
  const can = listsOf("con agent grant", options, boundsOf(options));
  const [agent = ""] = command.args;
  return askSteward(io, "con agent grant", { verb: "grant", agent, can }, options);
}

export async function revokeFromAgent(argv: readonly string[], io: Io): Promise<number> {
  const command = withLists(
    newCommand("agent revoke", "Take a right from an agent.", revokeExample),
  );
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<AskOptions & Lists>();
  const can = listsOf("con agent revoke", options, {});
  const [agent = ""] = command.args;
  return askSteward(io, "con agent revoke", { verb: "revoke", agent, can }, options);
}

const more = (value: string, before: readonly string[] = []): readonly string[] => [
  ...new Set([...before, value]),
];

const withLists = (command: ReturnType<typeof newCommand>) =>
  withAskOptions(command)
    .argument("<name>", "an agent")
    .option(
      "--read <directory>",
      "a directory and all below; may be repeated, as all of these",
      more,
    )
    .option("--write <directory>", "a directory and all below", more)
    .option("--task <agent>", "an agent that it gives tasks to", more)
    .option("--network <target>", "HOST:PORT, ADDRESS/LEN:PORT or *:PORT", more)
    .option("--tool <name>", "a tool", more)
    .option("--model <alias>", "a model alias of con.yaml, beside its own", more);

function instant(text: string): string {
  if (parseInstant(text) !== null) return text;
  const remedy = "give one with its zone, like 2027-01-31T09:00:00Z, or use --for 2h";
  throw new ConError(exit.usage, "--until", "it is no time", remedy);
}

function span(text: string): string {
  if (/^[1-9][0-9]{0,3}(s|min|h|d)$/.test(text)) return text;
  throw new ConError(exit.usage, "--for", "it is no time", "give one like 30min, 2h or 7d");
}

function boundsOf(options: Bounds & Lists): GrantBounds {
  const { until, for: forHow, uses, perMinute } = options;
  if (until !== undefined && forHow !== undefined)
    throw new ConError(exit.usage, "--until", "--for is there too", "give one of them");
  const counts = uses !== undefined || perMinute !== undefined;
  const others = options.read ?? options.write ?? options.task ?? options.network ?? options.model;
  if (counts && others !== undefined) {
    const why = "only calls of tools are counted";
    throw new ConError(
      exit.usage,
      "--uses, --per-minute",
      why,
      "grant the rest by another command",
    );
  }
  return {
    ...(until === undefined ? {} : { until }),
    ...(forHow === undefined ? {} : { for: forHow }),
    ...(uses === undefined ? {} : { uses }),
    ...(perMinute === undefined ? {} : { per_minute: perMinute }),
  };
}

function listsOf(
  name: string,
  { read, write, task, network, tool, model }: Lists,
  bounds: GrantBounds,
): GrantLists {
  const isBounded = Object.keys(bounds).length > 0;
  const entry = (text: string): GrantEntry => (isBounded ? { [text]: bounds } : text);
  const all = Object.entries({ read, write, task, network, tools: tool, models: model });
  const given = all.flatMap(([key, list]) =>
    list === undefined ? [] : [[key, list.map(entry)] as const],
  );
  if (given.length > 0) return Object.fromEntries(given);
  const remedy = "give --read, --write, --task, --network, --tool or --model";
  throw new ConError(exit.usage, name, "it says no right", `${remedy}; see ${name} --help`);
}
