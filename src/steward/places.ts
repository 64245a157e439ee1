/** Where requests, answers and what comes of them lie. Pure. */
import { join } from "node:path";
import {
  approvals,
  audit,
  changes,
  children,
  commissions,
  configuration,
  ended,
  holds,
  proposals,
  sharedTools,
  steward,
} from "../host/paths.ts";

export interface StewardPlaces {
  readonly inbox: string;
  readonly outbox: string;
  /** Entries of the inbox that are no requests; only root enters it. */
  readonly corrupt: string;
  readonly holds: string;
  /** What waits for a person, and what came of it. */
  readonly approvals: string;
  /** Changes that agents proposed and people agreed to. */
  readonly proposals: string;
  /** Tools of agents that others may use. */
  readonly tools: string;
  /** What people write, and the steward for those who ask it. */
  readonly configuration: string;
  /** Who asked for which agent. */
  readonly commissions: string;
  /** Changes of the configuration that are under way. */
  readonly changes: string;
  /** Records of temporary agents. */
  readonly children: string;
  /** Marks of those whose unit has stopped. */
  readonly ended: string;
  /** Hash chain of what was asked and done. */
  readonly audit: string;
}

export const stewardPlaces: StewardPlaces = {
  inbox: join(steward, "inbox"),
  outbox: join(steward, "outbox"),
  corrupt: join(steward, "corrupt"),
  holds,
  approvals,
  proposals,
  tools: sharedTools,
  configuration,
  commissions,
  changes,
  children,
  ended,
  audit: join(audit, "actions.jsonl"),
};

/** Of a manifest, and of instructions. */
export const maxTextBytes = 64 * 1024;
/** Larger than any request, which may carry two texts; a file beyond it is not read. */
export const maxRequestBytes = 256 * 1024;
/** Larger than any answer: it may name every fact of a thousand agents. */
export const maxAnswerBytes = 16 << 20;

export const fileOf = (id: string): string => `${id}.json`;
