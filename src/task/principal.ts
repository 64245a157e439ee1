/**
 * Whom a task is for: whoever a thread, a plan, a memory or a kept answer belongs to. Pure.
 *
 * Root and trusted people are one, every other uid is one of its own. An agent also says for whom of its own senders it
 * asks, by a label that its runner makes. The label divides what belongs to that agent and reaches nothing else, so one
 * that lies mixes its own senders and nobody's. Never: takes a name that a person wrote for whom a task is for, or gives
 * trust for any of it.
 */
import { createHash } from "node:crypto";
import type { Task } from "./task.ts";

export const trustedPrincipal = "trusted";

export type Asked = Pick<Task, "id" | "trust" | "from" | "moved" | "request">;

/** Who moved a file here is unknown, and so is nobody else. */
export function principalOf({ id, trust, from, moved, request }: Asked): string {
  if (trust === "verified") return trustedPrincipal;
  if (moved === true) return `moved-${id}`;
  const own = `uid-${from.uid}`;
  return from.agent === null || request.behalf === null ? own : `${own}-for-${request.behalf}`;
}

/**
 * What the runner of `agent` writes into tasks that it sends while it works for `principal`. It says who that is to
 * nobody who does not know it; where `principal` was asked for somebody in turn, that is in it too.
 */
export const behalfOf = (agent: string, principal: string): string =>
  createHash("sha256")
    .update(JSON.stringify(["behalf", agent, principal]))
    .digest("hex")
    .slice(0, 32);

/** Anything else names nobody. */
export const isBehalf = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9a-f]{32}$/.test(value);
