/**
 * Other agents as tools see them: who is there, who may be tasked, and sending.
 *
 * The kernel decides: an inbox that this user may not write refuses, whatever is believed here. What
 * it does not let this user read is said to be unknown. Never: sends in circles; every task counts
 * the agents that it came through.
 */
import type { AgentEntry, AgentRuntime, SystemRuntime } from "../config/types.ts";
import { deliver, freshId } from "../spool/deliver.ts";
import type { AgentPaths } from "../spool/layout.ts";
import { rememberSent } from "../spool/sent.ts";
import type { DeliverWorld, Mailbox } from "../spool/world.ts";
import { errnoOf } from "../system/disk.ts";
import { ConError } from "../system/errors.ts";
import { requestOf } from "../task/codec.ts";
import type { Request, Task } from "../task/task.ts";
import type { PeerInfo, Peers, SendResult } from "../tools/tool.ts";

/** Agents that one wish may pass through. */
const maxHops = 8;

export interface PeersWorld extends DeliverWorld {
  readonly system: SystemRuntime;
  readonly agent: AgentRuntime;
  readonly paths: AgentPaths;
  readonly mailboxOf: (agent: string) => Mailbox | null;
}

export function createPeers(world: PeersWorld, task: Task): Peers {
  return {
    list: () => world.system.agents.map((entry) => describe(world, entry)),
    send: (to, text) => send(world, to, requestOf(text, { hops: task.request.hops + 1 })),
    reply(text) {
      const to = task.from.agent;
      if (to === null)
        return refuse("a person sent this task, and reads your final answer: put it there");
      return send(world, to, requestOf(text, { hops: task.request.hops + 1, replyTo: task.id }));
    },
  };
}

const refuse = (why: string): SendResult => ({ ok: false, why });

function send(world: PeersWorld, to: string, request: Request): SendResult {
  const known = world.system.agents.map(({ name }) => name);
  const mailbox = known.includes(to) ? world.mailboxOf(to) : null;
  if (mailbox === null)
    return refuse(`there is no agent "${to}". The agents are: ${known.join(", ")}`);
  if (to === world.agent.name) return refuse("that is you: do it yourself, in this task");
  if (request.hops > maxHops)
    return refuse(
      `this task already passed through ${maxHops} agents: answer with what is known instead`,
    );
  try {
    return commit(world, to, mailbox, request);
  } catch (error) {
    if (!(error instanceof ConError)) throw error;
    return refuse(`${to} was not reached: ${explain(world, error)}`);
  }
}

/** Remembered first: without the memory an answer from an agent that may only answer is refused. */
function commit(world: PeersWorld, to: string, mailbox: Mailbox, request: Request): SendResult {
  const wanted = freshId(world);
  const isQuestion = request.replyTo === null;
  if (isQuestion) rememberSent(world.disk, world.paths, wanted, to);
  const { bell } = mailbox;
  const { id } = deliver(world, mailbox.inbox, request, { id: wanted, bell });
  if (isQuestion && id !== wanted) rememberSent(world.disk, world.paths, id, to);
  return { ok: true, id, to };
}

function explain(world: PeersWorld, error: ConError): string {
  const allowed = world.agent.can.task;
  const may =
    allowed.length === 0 ? "you may task no agent" : `you may task: ${allowed.join(", ")}`;
  return `${error.why} (${may})`;
}

function describe(world: PeersWorld, entry: AgentEntry): PeerInfo {
  const { name, tier, description } = entry;
  const reachable = name !== world.agent.name && world.agent.can.task.includes(name);
  if (name === world.agent.name)
    return { name, tier, description, reachable, state: "working on this task", pending: 0 };
  const pending = waiting(world, name);
  const state = pending === null ? "state unknown" : pending > 0 ? "has work" : "nothing waiting";
  return { name, tier, description, reachable, state, pending: pending ?? 0 };
}

/** Tasks in an agent's inbox, or null where this user may not look. */
function waiting(world: PeersWorld, name: string): number | null {
  const mailbox = world.mailboxOf(name);
  if (mailbox === null) return null;
  try {
    return world.disk
      .list(mailbox.inbox)
      .filter((entry) => entry.endsWith(".task") && !entry.startsWith(".")).length;
  } catch (error) {
    if (["EACCES", "EPERM", "ENOENT"].includes(errnoOf(error) ?? "")) return null;
    throw error;
  }
}
