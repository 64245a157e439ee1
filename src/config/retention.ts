/**
 * `retention:` of con.yaml and of a manifest: for how many days what agents leave behind is kept. Pure.
 *
 * A manifest's word about one kind takes the place of con.yaml's. `never` and 0 keep a kind for ever: nothing can be
 * written by which a thing is removed on the day it was made.
 */
import type { Retention } from "./types.ts";

export type RawRetention = Partial<Readonly<Record<RawKey, number | "never">>>;

const keys = {
  outbox_days: "outboxDays",
  processed_days: "processedDays",
  journal_days: "journalDays",
  plan_days: "planDays",
  turn_days: "turnDays",
  sent_days: "sentDays",
  text_days: "textDays",
  aside_days: "asideDays",
  archive_days: "archiveDays",
} as const satisfies Readonly<Record<string, keyof Retention>>;

type RawKey = keyof typeof keys;

/** Also of agents that were compiled by an earlier version. */
export const defaultRetention: Retention = {
  outboxDays: 90,
  processedDays: 90,
  journalDays: 90,
  planDays: 180,
  turnDays: 180,
  // Answers later than this start nothing from agents that may only answer.
  sentDays: 30,
  textDays: 90,
  asideDays: 90,
  archiveDays: 90,
};

/** `raw` over `common`. */
export function retentionOf(
  raw: RawRetention = {},
  common: Retention = defaultRetention,
): Retention {
  const said = (Object.keys(keys) as RawKey[]).flatMap((key) => {
    const days = raw[key];
    return days === undefined ? [] : [[keys[key], days === "never" || days === 0 ? null : days]];
  });
  return { ...common, ...(Object.fromEntries(said) as Partial<Retention>) };
}
