/** A question that begins to wait: kept, counted, bounded. Asked again it is the same one. */
import type { ApprovalRule } from "../../config/types.ts";
import type { Requester } from "../policy.ts";
import type { Deed } from "../verb.ts";
import type { Agent, StewardWorld } from "../world.ts";
import { look, lookAll } from "./look.ts";
import { createApproval, readApproval, removeApproval } from "./store.ts";
import { type Approval, defaultExpirySeconds, maxKept, maxPending } from "./types.ts";

const refused = (error: string): Deed => ({ status: "refused", error, changes: [], undo: null });

const stamp = (epochMs: number): string => new Date(epochMs).toISOString();

/** The agent that asks, or the refusal of somebody who need not or may not. */
export function askingAgent(world: StewardWorld, by: Requester): Agent | Deed {
  if (by.kind !== "agent")
    return refused(`${by.name} is no agent: people decide, and need not ask: see con approvals`);
  const agent = world.agents().find(({ uid }) => uid === by.uid);
  return agent ?? refused(`${by.name} is no agent of this system any more`);
}

/** How many people, and how long they have. */
export type Terms = Pick<ApprovalRule, "approvers" | "expirySeconds">;

/** `wanted`: until when the asker waits; later than the terms say is nobody's to choose. */
export function begun(
  world: StewardWorld,
  id: string,
  by: Requester,
  agent: string,
  terms: Terms | null,
  wanted: string | null = null,
): Omit<Approval, "subject"> {
  const latest = world.now() + (terms?.expirySeconds ?? defaultExpirySeconds) * 1000;
  const asked = wanted === null ? Number.NaN : Date.parse(wanted);
  return {
    version: 1,
    id,
    state: "pending",
    by: { uid: by.uid, name: by.name },
    agent,
    asked: stamp(world.now()),
    // A time that is none is no time.
    expires: stamp(Number.isFinite(asked) ? Math.min(asked, latest) : latest),
    needed: terms?.approvers ?? 1,
    approvals: [],
    ended: null,
    settled: false,
  };
}

export function hold(world: StewardWorld, approval: Approval): Deed {
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
