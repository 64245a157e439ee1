/**
 * `con canary`: tries, as the agent that it runs as, what must not be possible, and prints what stood in the
 * way. Started by the contract `escape_attempt` in a unit like the agent's own; the plan is its standard input.
 */

import type { Plan } from "../contract/builtins/con/canary-plan.ts";
import { attemptAll } from "../contract/builtins/con/canary-program.ts";
import { ConError, exit } from "../system/errors.ts";
import { type Io, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";

const example = `Run by the contract escape_attempt, never as root. Prints JSON: uid, control, results [{id, code}];
code is the errno that refused the attempt, null where nothing did.

Example:
  con canary < plan.json`;

const mostBytes = 1 << 20;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("canary", "Attempt, as an agent, what must not be possible.", example);
  if (parse(command, argv, io) === "help") return exit.ok;
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of io.input()) {
    parts.push(part);
    length += part.length;
    if (length > mostBytes) throw unusable("it is larger than 1 MiB");
  }
  io.out(`${JSON.stringify(await attemptAll(planIn(Buffer.concat(parts).toString("utf8"))))}\n`);
  return exit.ok;
}

function planIn(text: string): Plan {
  try {
    const plan = JSON.parse(text) as Plan | null;
    if (typeof plan?.workspace === "string" && Array.isArray(plan.attempts)) return plan;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw unusable("it is no plan");
}

const unusable = (why: string): ConError =>
  new ConError(exit.badInput, "canary", `standard input: ${why}`, "see con canary --help");
