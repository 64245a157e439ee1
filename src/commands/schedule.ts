/**
 * `con schedule NAME`: delivers the scheduled task of an agent. Run by con-schedule@NAME.service, as root,
 * so that the task is verified: its text is from the manifest, which a person wrote.
 */
import { readAgent } from "../config/compiled.ts";
import { ConError, exit } from "../system/errors.ts";
import { requestOf } from "../task/codec.ts";
import { type Io, processIo } from "./shared/io.ts";
import { knownAgent } from "./shared/known.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { send } from "./shared/send.ts";
import { loadSystem } from "./shared/system.ts";

const example = `Run by con@NAME.timer. Run it by hand to have the scheduled task now.

Example:
  con schedule strategist`;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand(
    "schedule",
    "Deliver the scheduled task of an agent.",
    example,
  ).argument("<name>", "an agent with a schedule");
  if (parse(command, argv, io) === "help") return exit.ok;
  const system = loadSystem(io.env);
  // Known names only: what a caller typed never becomes a path before.
  const { name } = knownAgent(system.runtime, command.args[0] ?? "");
  const { schedule } = readAgent(name);
  if (schedule === null) {
    const remedy = `add schedule: to agents.d/${name}.yaml, then con bootstrap`;
    throw new ConError(exit.badInput, `agent ${name}`, "its manifest has no schedule", remedy);
  }
  io.out(`${send(io, system, name, requestOf(schedule.task)).id}\n`);
  return exit.ok;
}
