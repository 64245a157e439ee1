/** `con data`: the data program of agents' tools (data/program.ts), which they start in their sandbox. Not for people. */
import { main } from "../data/program.ts";
import { exit } from "../system/errors.ts";

export async function run(): Promise<number> {
  await main();
  return exit.ok;
}
