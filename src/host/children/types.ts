/**
 * Temporary agents, as the steward keeps them: one file for each request that spawned some,
 * /var/lib/con/children/REQUEST.json, written by the steward only. Types and limits only.
 */

import type { ChildOrder } from "../../config/order.ts";

/** Alive at a time in the whole system. */
export const maxAlive = 100;
/** Generations below an agent that has a manifest. */
export const maxDepth = 5;
/** Of one request. */
export const maxBatch = 20;
/** Bytes of earlier findings that a parent may hand down. */
export const maxFindings = 32_768;
/** Each child gets a second try when its first ends in an error. */
export const maxAttempts = 2;

export type { ChildOrder } from "../../config/order.ts";

/** A child that is there, or is being made or taken away. */
export interface Child {
  /** `spawn-` and eight characters made from request, place and attempt. */
  readonly name: string;
  readonly uid: number;
  readonly attempt: number;
  /** Id of the task that it gets. */
  readonly task: string;
  /** It is made, has its task, and its unit was started. Before that its making is done again. */
  readonly started: boolean;
}

export interface ChildResult {
  readonly status: "done" | "failed" | "timeout" | "refused";
  /** What it answered, or why there is no answer. May be shortened. */
  readonly text: string;
  readonly attempts: number;
  /** What the first attempt failed with, where there was a second. */
  readonly firstError: string | null;
}

export interface Place {
  readonly order: ChildOrder;
  /** Null before it is made and after it is gone. */
  readonly child: Child | null;
  readonly firstError: string | null;
  readonly result: ChildResult | null;
}

export interface Spawn {
  readonly version: 1;
  /** The request's own id. */
  readonly id: string;
  /** Uid that asked, as the kernel named it. */
  readonly by: number;
  /** Name of the agent that asked. */
  readonly parent: string;
  /** The parent's task that waits; its budget is charged too. */
  readonly task: string;
  /** 1 = child of an agent that has a manifest. */
  readonly depth: number;
  /** What the tasks of the children carry on from the parent's task. */
  readonly thread: string | null;
  readonly hops: number;
  readonly via: readonly string[];
  /** For whom of its own senders the parent asks. Absent in a record of an earlier version. */
  readonly behalf?: string;
  readonly at: string;
  /** After it children are ended, whatever they do. */
  readonly deadline: string;
  /** In the order they were asked for. */
  readonly places: readonly Place[];
}
