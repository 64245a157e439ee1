/**
 * `con cancel` and `con retry`: a control file into the inbox of the agent that has the task. The
 * agent's runner obeys when the file's owner is verified or sent the task itself.
 */
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { requestOf } from "../../task/codec.ts";
import { isId } from "../../task/id.ts";
import type { Control } from "../../task/task.ts";
import { readAnswer } from "./answer.ts";
import { findTask, stateOf, type TaskState } from "./find.ts";
import type { Io } from "./io.ts";
import { knownAgent } from "./known.ts";
import { newCommand, parse } from "./parse.ts";
import { send } from "./send.ts";
import { loadSystem, type System } from "./system.ts";
import { safeJson, safeLine } from "./text.ts";

export interface ControlVerb {
  readonly verb: Control["verb"];
  readonly description: string;
  readonly example: string;
  /** Why the request makes no sense for a task in this state, or null. */
  readonly refuse: (state: TaskState) => { readonly why: string; readonly remedy: string } | null;
}

interface Target {
  readonly id: string;
  readonly agent: string;
}

export async function runControl(spec: ControlVerb, argv: string[], io: Io): Promise<number> {
  const command = newCommand(spec.verb, spec.description, spec.example)
    .argument("<id>", "which task")
    .option("-a, --agent <name>", "who has it, where you may not look yourself")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<{ agent?: string; json?: boolean }>();
  const system = loadSystem(io.env);
  const target = aim(spec, system, command.args[0] ?? "", options.agent);
  const control: Control = { verb: spec.verb, id: target.id };
  const { inbox } = send(io, system, target.agent, requestOf("", { control }));
  if (options.json) io.out(safeJson({ ...target, requested: spec.verb, inbox }));
  else io.out(`${spec.verb} of ${safeLine(target.id)} handed to ${target.agent}\n`);
  return exit.ok;
}

/** With a whole id and an agent nothing needs to be looked up, so a sender without rights can ask. */
function aim(spec: ControlVerb, system: System, wanted: string, agent: string | undefined): Target {
  if (agent !== undefined && isId(wanted))
    return { id: wanted, agent: knownAgent(system.runtime, agent).name };
  const found = findTask(nodeDisk, system.runtime, wanted);
  const answer = readAnswer(nodeDisk, system.runtime, found.agent, found.id);
  const refusal = spec.refuse(stateOf(found, answer));
  if (refusal !== null)
    throw new ConError(exit.badInput, `task ${found.id}`, refusal.why, refusal.remedy);
  return { id: found.id, agent: found.agent.name };
}
