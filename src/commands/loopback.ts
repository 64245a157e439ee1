/** `con loopback`: starts an agent's program within its sandbox (runner/bridge/inside.ts). Not for people. */
import { main } from "../runner/bridge/inside.ts";
import { exit } from "../system/errors.ts";

const help = `Usage: con loopback

Starts the program that does an agent's tasks (runner: in its manifest), with an address for its models. The runner
starts it in the sandbox of that program, with a variable that says what to start; it is never run by hand.

Example:
  con agent show NAME
`;

export async function run(argv: readonly string[] = []): Promise<number> {
  if (argv[0] !== "--help" && argv[0] !== "-h") return main(process.env);
  process.stdout.write(help);
  return exit.ok;
}
