/**
 * What one verb is made of. Each lies in a file of its own in verbs/, and verbs/table.ts names them all.
 *
 * `act` must be idempotent: after a crash it is done again from its start. The order inside is always
 * the same: what shall hold is durable first, then the machine follows.
 */
import { nearest } from "../config/nearest.ts";
import type { Requester } from "./policy.ts";
import type { StewardRequest, StewardVerb } from "./types.ts";
import type { Agent, StewardWorld } from "./world.ts";

export type RequestOf<V extends StewardVerb> = StewardRequest & { readonly verb: V };

/** What came of it: the part of an answer that the verb knows. */
export interface Deed {
  readonly status: "done" | "refused" | "failed";
  readonly error: string | null;
  readonly changes: readonly string[];
  readonly undo: string | null;
}

export interface Verb<V extends StewardVerb> {
  act(world: StewardWorld, request: RequestOf<V>, by: Requester): Promise<Deed>;
  /** The part of it that needs no disk, for when the disk is full: stops, never starts. */
  readonly withoutDisk?: (world: StewardWorld, request: RequestOf<V>) => Promise<void>;
}

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
