/** What upkeep did, or would do, for people and programs. Pure. */
import type { Swept } from "../../runner/retention/retention.ts";
import { safeLine, table } from "../shared/text.ts";
import type { KeptUp } from "./keep-up.ts";

/** Public interface: change only by adding. */
export const reportJson = (
  agent: string,
  { memory, retention, troubles }: KeptUp,
  dryRun: boolean,
) => ({
  agent,
  dry_run: dryRun,
  complete: retention?.complete === true && memory?.complete !== false,
  noted_only: retention?.notedOnly ?? false,
  memory,
  swept: (retention?.swept ?? []).map(({ before, inUse, ...rest }) => ({
    ...rest,
    before: before === null ? null : new Date(before).toISOString(),
    in_use: inUse,
  })),
  troubles,
});

const dayMs = 86_400_000;

/** Of a dry run. */
export function reportText({ retention, troubles }: KeptUp, now: number): string {
  const rows = (retention?.swept ?? [])
    .filter(({ entries, inUse }) => entries + inUse > 0)
    .map((one) => [
      one.what,
      one.folder,
      age(one, now),
      `${one.entries}`,
      size(one),
      `${one.inUse}`,
    ]);
  const head = ["WHAT", "FOLDER", "OLDER THAN", "ENTRIES", "SIZE", "IN USE"];
  const lines = [
    rows.length === 0 ? "nothing is old enough\n" : table(head, rows),
    ...(retention?.notedOnly === true
      ? ["the next run only notes the time; the one after removes\n"]
      : []),
    ...troubles.map((trouble) => `${safeLine(trouble)}\n`),
  ];
  return lines.join("");
}

const age = ({ before }: Swept, now: number): string =>
  before === null ? "-" : `${Math.round((now - before) / dayMs)} d`;

const size = ({ bytes }: Swept): string => `${Math.ceil(bytes / 1024)} KiB`;
