/** Where requests, answers and what comes of them lie. Pure. */
import { join } from "node:path";
import { audit, holds, steward } from "../host/paths.ts";

export interface StewardPlaces {
  readonly inbox: string;
  readonly outbox: string;
  /** Entries of the inbox that are no requests; only root enters it. */
  readonly corrupt: string;
  readonly holds: string;
  /** Hash chain of what was asked and done. */
  readonly audit: string;
}

export const stewardPlaces: StewardPlaces = {
  inbox: join(steward, "inbox"),
  outbox: join(steward, "outbox"),
  corrupt: join(steward, "corrupt"),
  holds,
  audit: join(audit, "actions.jsonl"),
};

/** Larger than any request; a file beyond it is not read. */
export const maxRequestBytes = 64 * 1024;
/** Larger than any answer: it may name every fact of a thousand agents. */
export const maxAnswerBytes = 16 << 20;

export const fileOf = (id: string): string => `${id}.json`;
