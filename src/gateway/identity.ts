/**
 * Who calls: the uid that the kernel names for a connection, and what the configuration of the moment says about it.
 *
 * Never: believes a name in a request; lets a uid hold more connections than it may.
 */
import type { Socket } from "node:net";
import { noBudget } from "../config/authority.ts";
import { holdOf, readHolds } from "../config/holds.ts";
import type { GatewayCaller, GatewayRuntime } from "../config/runtime.ts";
import type { ReadPeer } from "../system/peercred.ts";
import type { Audit } from "./audit.ts";
import { type Problem, problem } from "./problem.ts";

const maxConnectionsPerUid = 64;
/** For uids that are nobody's: enough to be told so. */
const maxStrangers = 4;
const strangerMs = 2_000;

export interface IdentityDeps {
  /** Loaded while the first request is being read. */
  readonly readPeer: Promise<ReadPeer>;
  /** The configuration as it is now. */
  readonly current: () => GatewayRuntime;
  readonly audit: Pick<Audit, "denied">;
}

/** The connection's uid, once; its place in the count is free again when it closes. */
export async function identify(
  deps: IdentityDeps,
  connections: Map<number, number>,
  socket: Socket,
): Promise<number | Problem> {
  const readPeer = await deps.readPeer;
  if (socket.destroyed) return problem(499, "the caller has gone");
  const { uid } = readPeer(socket);
  const open = (connections.get(uid) ?? 0) + 1;
  connections.set(uid, open);
  socket.once("close", () => {
    const left = (connections.get(uid) ?? 1) - 1;
    if (left === 0) connections.delete(uid);
    else connections.set(uid, left);
  });
  const isKnown = callerOf(deps.current(), uid) !== null;
  if (open > (isKnown ? maxConnectionsPerUid : maxStrangers)) {
    socket.destroy();
    return problem(429, "too many connections of this user", 5);
  }
  return isKnown ? uid : refuseStranger(deps, uid, socket);
}

/** A uid that is nobody's, or nobody's any more. */
export function refuseStranger(
  { audit }: Pick<IdentityDeps, "audit">,
  uid: number,
  socket: Socket,
): Problem {
  dropSoon(socket);
  const what = `uid ${uid} is no agent of this system and no operator`;
  audit.denied({ uid, name: null }, { code: "stranger", asked: what });
  return problem(403, what);
}

/** Time enough to read the refusal, and no connection that a stranger can hold. */
function dropSoon(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), strangerMs);
  socket.once("close", () => clearTimeout(timer));
}

export function callerOf({ callers }: GatewayRuntime, uid: number): GatewayCaller | null {
  if (uid === 0) return { uid, name: "root", tier: null, models: ["*"], budget: noBudget };
  return callers.find((caller) => caller.uid === uid) ?? null;
}

/** Whoever is stopped on purpose spends nothing, whatever still runs as that user. */
export function heldProblem({ name, tier }: GatewayCaller): Problem | null {
  const hold = tier === null ? null : holdOf(readHolds(), { name, tier });
  return hold === null ? null : problem(503, `${name} is ${hold.kind}: no model is called`, 60);
}
