/** `con data`: the data program of agents' tools (data/program.ts), which they start in their sandbox. Not for people. */
import { main } from "../data/program.ts";
import { exit } from "../system/errors.ts";

const help = `Usage: con data

Does one request of the tools sql, import_data or vectors, which stands in JSON on standard input. These tools start
it in the sandbox of an agent's commands; it is never run by hand.

Example:
  con task --wait "How many rows has the table numbers in data.db?"
`;

export async function run(argv: readonly string[] = []): Promise<number> {
  if (argv[0] === "--help" || argv[0] === "-h") {
    process.stdout.write(help);
    return exit.ok;
  }
  await main();
  return exit.ok;
}
