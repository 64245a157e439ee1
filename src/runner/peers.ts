/**
 * Other agents as tools see them: who is there, who may be tasked, and sending.
 *
 * The kernel decides: an inbox that this user may not write refuses, whatever is believed here. What
 * it does not let this user read is said to be unknown. Never: sends in circles; every task names and
 * counts the agents that it came through, and nobody is asked who may be waiting for this very task.
 */
import { untilKey } from "../config/grants.ts";
import type { AgentEntry, AgentRuntime, SystemRuntime } from "../config/runtime.ts";
import { deliver, freshId } from "../spool/deliver.ts";
import { expectAnswers } from "../spool/held.ts";
import type { AgentPaths } from "../spool/layout.ts";
import { rememberSent } from "../spool/sent.ts";
import type { DeliverWorld, Mailbox } from "../spool/world.ts";
import { errnoOf } from "../system/disk.ts";
import { ConError } from "../system/errors.ts";
import { requestOf } from "../task/codec.ts";
import { maxVia } from "../task/fields.ts";
import { derivedId, timeOfId } from "../task/id.ts";
import { behalfOf } from "../task/principal.ts";
import type { Request, Task } from "../task/task.ts";
import { amendHow, manifestRule } from "../tools/denial.ts";
import type { PeerInfo, Peers, SendResult } from "../tools/policies.ts";
import type { Denial } from "../tools/result.ts";
import { ownerOf } from "./memory/owner.ts";
import { askerOf } from "./policy.ts";

/** Agents that one wish may pass through. */
export const maxHops = 8;

export interface PeersWorld extends DeliverWorld {
  readonly system: SystemRuntime;
  readonly agent: AgentRuntime;
  readonly paths: AgentPaths;
  readonly mailboxOf: (agent: string) => Mailbox | null;
}

/** Knows for whom it is sent: the receiver is told by a label, and a late answer goes there. */
interface Sending extends PeersWorld {
  readonly owner: () => string;
}

export function createPeers(given: PeersWorld, task: Task): Peers {
  const world: Sending = { ...given, owner: () => ownerOf(given.disk, given.paths, task) };
  const through = passedThrough(task);
  const passed = {
    thread: task.request.thread,
    hops: task.request.hops + 1,
    via: [...through.filter((name) => name !== world.agent.name), world.agent.name].slice(-maxVia),
  };
  return {
    // Temporary agents belong to whoever made them.
    list: () =>
      world.system.agents
        .filter(({ name, parent }) => parent === undefined || name === world.agent.name)
        .map((entry) => describe(world, entry)),
    send: (to, text) =>
      ungranted(world, to) ?? send(world, to, requestOf(text, passed), freshId(world)),
    ask(to, text, { callId, until, key = callId, also = [] }) {
      const no = ungranted(world, to);
      if (no !== null) return no;
      const why = whyNotAsk(world, to, through);
      if (why !== null) return refuse(why);
      // The same call asks once: who was asked knows the id.
      const id = derivedId(timeOfId(task.id), ["ask", world.agent.name, task.id, key]);
      const hold = { call: callId, waitFor: [id, ...also], until, why: `${to}'s answer` };
      const expect = (): void => expectAnswers(world, world.paths, task.id, hold);
      return send(world, to, requestOf(text, passed), id, expect);
    },
    reply(text) {
      const to = task.from.agent;
      if (to === null)
        return refuse("a person sent this task, and reads your final answer: put it there");
      const request = requestOf(text, { ...passed, via: [], replyTo: task.id, interim: true });
      return send(world, to, request, freshId(world));
    },
  };
}

/** Who may be waiting for this task: those it names, and its sender, whom the kernel names. */
export function passedThrough({ from, request }: Task): string[] {
  // Who sent an answer waits for nothing.
  const sender = request.replyTo === null && from.agent !== null ? [from.agent] : [];
  return [...new Set([...request.via, ...sender])];
}

function whyNotAsk(world: PeersWorld, to: string, through: readonly string[]): string | null {
  if (through.includes(to))
    return `this task came through ${to}, which may be waiting for your answer: answer it, or ask another`;
  const own = world.system.agents.find(({ name }) => name === to);
  const shared = world.system.agents.filter(({ uid }) => uid === own?.uid).length > 1;
  // As in con dev: nobody could tell who answered.
  return shared
    ? "agents share one user here, so no answer could be told from another: use send_task"
    : null;
}

/** The receiver's access list says the same; this says it with its reason, and at the very moment. */
function ungranted({ agent, system }: PeersWorld, to: string): SendResult | null {
  const isOther = to !== agent.name && system.agents.some(({ name }) => name === to);
  if (!isOther || agent.can.task.includes(to)) return null;
  const until = agent.constraints?.until[untilKey("task", to)];
  const rule = manifestRule(agent.name, "can.task");
  const asker = askerOf(agent);
  const why = `you may not give tasks to ${to}`;
  const denial: Denial =
    until === undefined
      ? {
          code: "not_granted",
          asked: `task ${to}`,
          rule: `${rule}, which lists: ${agent.can.task.join(", ") || "nobody"}`,
          how: amendHow(asker, `${to} in can.task`),
        }
      : {
          code: "expired",
          asked: `task ${to}`,
          rule: `${rule}: ${to} until ${new Date(until).toISOString()}`,
          how: amendHow(asker, "a later until"),
        };
  return { ok: false, why, denial };
}

const refuse = (why: string): SendResult => ({ ok: false, why });

function send(
  world: Sending,
  to: string,
  request: Request,
  id: string,
  beforehand: () => void = () => undefined,
): SendResult {
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
    return commit(world, to, mailbox, request, id, beforehand);
  } catch (error) {
    if (!(error instanceof ConError)) throw error;
    return refuse(`${to} was not reached: ${explain(world, error)}`);
  }
}

/** Remembered first: without the memory an answer from an agent that may only answer is refused. */
function commit(
  world: Sending,
  to: string,
  mailbox: Mailbox,
  request: Request,
  wanted: string,
  beforehand: () => void,
): SendResult {
  const isQuestion = request.replyTo === null;
  const owner = world.owner();
  const asked = { owner, thread: request.thread };
  const labelled = { ...request, behalf: behalfOf(world.agent.name, owner) };
  if (isQuestion) rememberSent(world.disk, world.paths, wanted, to, asked);
  beforehand();
  const { bell } = mailbox;
  const { id } = deliver(world, mailbox.inbox, labelled, { id: wanted, bell });
  if (isQuestion && id !== wanted) rememberSent(world.disk, world.paths, id, to, asked);
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
