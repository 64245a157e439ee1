/**
 * What one verb is made of. Each lies in a file of its own in verbs/, and verbs/table.ts names them all.
 *
 * `act` must be idempotent: after a crash it is done again from its start. The order inside is always
 * the same: what shall hold is durable first, then the machine follows.
 */
import { nearest } from "../config/nearest.ts";
import type { Approval } from "./approvals/types.ts";
import type { Requester } from "./policy.ts";
import type { StewardRequest, StewardVerb } from "./types.ts";
import type { Agent, StewardWorld } from "./world.ts";

export type RequestOf<V extends StewardVerb> = StewardRequest & { readonly verb: V };

/** What came of it: the part of an answer that the verb knows. */
export interface Deed {
  /** `held`: it waits for a person, temporary agents or a package, and is answered only when those are done. */
  readonly status: "done" | "refused" | "failed" | "held";
  readonly error: string | null;
  readonly changes: readonly string[];
  readonly undo: string | null;
  /** Words of others that were asked for. */
  readonly said?: string;
}

/** Nothing of it waits any more. */
export interface Ended extends Deed {
  readonly status: Exclude<Deed["status"], "held">;
}

/** What a verb may know beside the request. */
export interface Asked {
  /** Of the request. */
  readonly id: string;
  /** The people's consent to exactly this request; null where nobody was asked. */
  readonly approved: Approval | null;
  /** Does what waited for a person if it was approved; answered in any case, some of it only later. */
  readonly perform: (approval: Approval) => Promise<Deed>;
}

export interface Verb<V extends StewardVerb> {
  act(world: StewardWorld, request: RequestOf<V>, by: Requester, asked: Asked): Promise<Deed>;
  /** The part of it that needs no disk, for when the disk is full: stops, never starts. */
  readonly withoutDisk?: (world: StewardWorld, request: RequestOf<V>) => Promise<void>;
}

export const refused = (error: string): Ended => ({
  status: "refused",
  error,
  changes: [],
  undo: null,
});

export const done = (changes: readonly (string | null)[], undo: string | null): Deed => ({
  status: "done",
  error: null,
  changes: changes.filter((one) => one !== null),
  undo,
});

/** `done`, or `failed` with what did not follow; what was done stays done. */
export function outcome(
  changes: readonly (string | null)[],
  undo: string | null,
  failures: readonly { readonly what: string; readonly why: string }[],
): Deed {
  const deed = done(changes, undo);
  const [first, ...more] = failures;
  if (first === undefined) return deed;
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  return { ...deed, status: "failed", error: `${first.what}: ${first.why}${others}` };
}

/** The agent called `name`, or the refusal that says which may have been meant. */
export function agentCalled(world: StewardWorld, name: string): Agent | Deed {
  const agents = world.agents();
  const found = agents.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = agents.map((one) => one.name);
  const guess = nearest(name, names);
  const remedy =
    guess === null ? `the agents are: ${names.join(", ") || "none"}` : `did you mean ${guess}?`;
  const error = `agent ${name}: there is no such agent: ${remedy}`;
  return { status: "refused", error, changes: [], undo: null };
}

export const isDeed = (value: Agent | Deed): value is Deed => "status" in value;
