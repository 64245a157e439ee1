/**
 * What waits for a person: asked by agents, decided by people, done by the steward.
 *
 * Who enforces what. The steward: who asked and who decides are owners of request files, as the kernel
 * says; how many people it takes and how long they have is the manifest as root compiled it; a request to
 * the steward that was held is done by the steward itself, from its own copy, so nobody can have another
 * one done instead. The runner of the agent: that a listed tool is not called before. A runner that was
 * taken over can call a tool anyway, as far as its unit and uid allow, and what it says about the call is
 * its word alone.
 *
 * After a crash anywhere the request that was at work is done again: a question that is there stays, a
 * decision that is there stays, and what is not settled yet is settled then. Never: an end that changes,
 * an approval of the one who asked, or a second answer.
 */
import type { ApprovalRule } from "../config/types.ts";
import { look, lookAll } from "./approvals/look.ts";
import { createApproval, readApproval, removeApproval } from "./approvals/store.ts";
import { toolOfVerb } from "./approvals/tools.ts";
import {
  type Approval,
  defaultExpirySeconds,
  maxKept,
  maxPending,
  type RequestSubject,
} from "./approvals/types.ts";
import type { Requester } from "./policy.ts";
import type { StewardRequest } from "./types.ts";
import type { Deed } from "./verb.ts";
import type { StewardWorld } from "./world.ts";

const refused = (error: string): Deed => ({ status: "refused", error, changes: [], undo: null });

const stamp = (epochMs: number): string => new Date(epochMs).toISOString();

type ToolRequest = Extract<StewardRequest, { readonly verb: "ask_approval" }>;

/** An agent's runner wants to call a tool that its manifest lists. */
export function askForTool(
  world: StewardWorld,
  request: ToolRequest,
  by: Requester,
  id: string,
): Deed {
  if (by.kind !== "agent")
    return refused(`${by.name} is no agent: people decide, and need not ask: see con approvals`);
  const agent = world.agents().find(({ uid }) => uid === by.uid);
  if (agent === undefined) return refused(`${by.name} is no agent of this system any more`);
  const rule = ruleOf(world, agent.name, request.tool);
  if (rule === undefined)
    return refused(`tool ${request.tool} of ${agent.name} waits for nobody: see its manifest`);
  const { tool, arguments_sha256, arguments_bytes, preview, task, call } = request;
  const subject = { tool, arguments_sha256, arguments_bytes, preview, task, call };
  return hold(world, {
    ...begun(world, id, by, agent.name, rule),
    expires: stamp(earlier(Date.parse(request.expires), world.now() + rule.expirySeconds * 1000)),
    subject: { kind: "tool", ...subject },
  });
}

/** Later than the manifest says is nobody's to choose; a time that is none is no time. */
const earlier = (wanted: number, latest: number): number =>
  Number.isFinite(wanted) ? Math.min(wanted, latest) : latest;

/**
 * Puts a request of an agent aside until a person approves it. Its answer is given then, and to the
 * agent too; the caller must not answer it now. `reasons` say in words what goes too far.
 */
export function holdForApproval(
  world: StewardWorld,
  request: StewardRequest,
  by: Requester,
  id: string,
  reasons: readonly string[],
): Deed {
  if (by.kind !== "agent")
    return refused(`${by.name} is no agent: people decide, and need not ask: see con approvals`);
  const agent = world.agents().find(({ uid }) => uid === by.uid);
  if (agent === undefined) return refused(`${by.name} is no agent of this system any more`);
  const rule = ruleOf(world, agent.name, toolOfVerb[request.verb]) ?? null;
  const subject: RequestSubject = { kind: "request", verb: request.verb, request, reasons };
  return hold(world, { ...begun(world, id, by, agent.name, rule), subject });
}

/** A request whose tool the agent's own manifest lists waits like a call of it; null for all others. */
export function holdListed(
  world: StewardWorld,
  request: StewardRequest,
  by: Requester,
  id: string,
): Deed | null {
  const tool = toolOfVerb[request.verb];
  const agent = world.agents().find(({ uid }) => uid === by.uid);
  if (by.kind !== "agent" || agent === undefined) return null;
  if (ruleOf(world, agent.name, tool) === undefined) return null;
  const reason = `its manifest lists ${tool} under approval; what is beyond its ceiling goes with it`;
  return holdForApproval(world, request, by, id, [reason]);
}

const ruleOf = (
  world: StewardWorld,
  agent: string,
  tool: string | undefined,
): ApprovalRule | undefined => world.runtime(agent)?.approval.find((rule) => rule.tool === tool);

function begun(
  world: StewardWorld,
  id: string,
  by: Requester,
  agent: string,
  rule: ApprovalRule | null,
): Omit<Approval, "subject"> {
  const seconds = rule?.expirySeconds ?? defaultExpirySeconds;
  return {
    version: 1,
    id,
    state: "pending",
    by: { uid: by.uid, name: by.name },
    agent,
    asked: stamp(world.now()),
    expires: stamp(world.now() + seconds * 1000),
    needed: rule?.approvers ?? 1,
    approvals: [],
    ended: null,
    settled: false,
  };
}

function hold(world: StewardWorld, approval: Approval): Deed {
  const { disk, places } = world;
  const before = readApproval(disk, places.approvals, approval.id);
  if (before === null) {
    const full = makeRoom(world, approval.agent);
    if (full !== null) return refused(full);
    createApproval(disk, places.approvals, approval);
  } else if (before.by.uid !== approval.by.uid) return refused("its id is somebody else's");
  else if (look(world, before).state === "expired") return refused("nobody decided in time");
  const words = `waits for ${approval.needed === 1 ? "a person" : `${approval.needed} people`}`;
  return {
    status: "held",
    error: null,
    changes: [`${words}: con approvals show ${approval.id}`],
    undo: null,
  };
}

/** Null when another one may be kept for this agent. */
function makeRoom(world: StewardWorld, agent: string): string | null {
  const { disk, places } = world;
  const own = lookAll(world).filter((one) => one.agent === agent);
  const pending = own.filter(({ state }) => state === "pending").length;
  if (pending >= maxPending)
    return `${agent} waits for people ${pending} times already: let them decide first`;
  const over = own
    .filter(({ settled }) => settled)
    .sort((a, b) => Date.parse(a.asked) - Date.parse(b.asked));
  for (const { id } of over.slice(0, Math.max(0, own.length - maxKept + 1)))
    removeApproval(disk, places.approvals, id);
  return null;
}
