/** `con contract list`: which contracts are active, and which files are none. Reads only. */
import type { BadContract, Contract } from "../../contract/types.ts";
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { duration, safeJson, safeLine, table } from "../shared/text.ts";
import { activeContracts, contractPlaces, problemLines } from "./active.ts";

const example = `EVERY is how often it is evaluated: at each run of the timer (-), or only by hand.
Exit code: 0 all files are contracts, 1 some are not; these are listed at the end.

Keys of --json: contracts [{id, severity, every_seconds, manual, actions, agent, description, type,
tags, depends_on, checks, file}], bad [{file, problems [{line, column, key, why, remedy}]}].
every_seconds null = at each run; agent null = the system.

Example:
  con contract list`;

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const command = newCommand("contract list", "List the active contracts.", example).option(
    "--json",
    "print JSON",
  );
  if (parse(command, argv, io) === "help") return exit.ok;
  const { contracts, bad } = await activeContracts(contractPlaces(io));
  if (command.opts<{ json?: boolean }>().json === true)
    io.out(safeJson({ contracts: contracts.map(entry), bad }));
  else {
    const head = ["ID", "SEVERITY", "EVERY", "ACTION", "SCOPE", "DESCRIPTION"];
    io.out(table(head, contracts.map(row)));
    io.out(badText(bad));
  }
  return bad.length === 0 ? exit.ok : exit.no;
}

const actionsOf = ({ checks }: Contract): string[] => [
  ...new Set(checks.map(({ onFail }) => onFail.action)),
];

const entry = (contract: Contract) => ({
  id: contract.id,
  severity: contract.severity,
  every_seconds: contract.everySeconds,
  manual: contract.manual,
  actions: actionsOf(contract),
  agent: contract.agent,
  description: contract.description,
  type: contract.type,
  tags: contract.tags,
  depends_on: contract.dependsOn,
  checks: contract.checks.map(({ name }) => name),
  file: contract.file,
});

const row = (contract: Contract): string[] => [
  contract.id,
  contract.severity,
  everyOf(contract),
  actionsOf(contract).join(","),
  contract.agent === null ? "system" : `agent:${contract.agent}`,
  safeLine(contract.description),
];

function everyOf({ manual, everySeconds }: Contract): string {
  if (manual) return "by hand";
  return everySeconds === null ? "-" : duration(everySeconds * 1000);
}

function badText(bad: readonly BadContract[]): string {
  if (bad.length === 0) return "";
  const lines = bad.flatMap((one) => problemLines(one, one.file));
  return `\nThese files are not as they should be:\n${lines.join("\n")}\n`;
}
