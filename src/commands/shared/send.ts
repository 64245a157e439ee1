/** Delivers a request of the caller's to an agent of this system. */
import { randomBytes } from "node:crypto";
import { deliver } from "../../spool/deliver.ts";
import { agentPaths, bellOf, outerInbox } from "../../spool/layout.ts";
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { decodeTask, encodeTask, maxTaskBytes } from "../../task/codec.ts";
import type { Request } from "../../task/task.ts";
import type { Io } from "./io.ts";
import { knownAgent } from "./known.ts";
import type { System } from "./system.ts";

export interface Sent {
  readonly id: string;
  readonly agent: string;
  readonly inbox: string;
}

/** `name` null: the outer inbox, which is the front desk's. */
export function send(io: Io, system: System, name: string | null, request: Request): Sent {
  const { runtime } = system;
  const agent = knownAgent(runtime, name ?? runtime.frontDesk);
  const inbox =
    name === null ? outerInbox(runtime.root) : agentPaths(runtime.root, agent.name).inbox;
  refuseMalformed(request);
  const world = { disk: nodeDisk, now: io.now, randomBytes };
  const bell = agent.wake === "bell" ? bellOf(agent.name) : null;
  const { id } = deliver(world, inbox, request, { bell });
  return { id, agent: agent.name, inbox };
}

/** What the receiver would set aside as malformed is refused here, where somebody can mend it. */
function refuseMalformed(request: Request): void {
  const bytes = encodeTask(request, { endMarker: true });
  if (bytes.length > maxTaskBytes) return;
  const decoded = decodeTask(bytes, { maxBytes: maxTaskBytes, parseYaml: null });
  if (decoded.ok) return;
  throw new ConError(exit.badInput, "task", decoded.why, "see con task --help");
}
