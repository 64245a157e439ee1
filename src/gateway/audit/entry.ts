/** A line of the audit trail as an entry of the journal: words, and a field for each thing to look for. Pure. */
import type { ChainRecord } from "../../system/chain.ts";

const shownFields = ["state", "outcome", "name", "ok", "code", "asked", "model", "status", "why"];
/** What people look for: `journalctl CON_TASK=ID`. */
const wanted = { CON_AUDIT: "kind", CON_AGENT: "agent", CON_TASK: "task", CON_UID: "uid" } as const;

export function entryOf(record: ChainRecord): Record<string, string> {
  const said = shownFields.flatMap((key) =>
    record[key] === undefined || record[key] === null ? [] : [`${key}=${record[key]}`],
  );
  const found = Object.entries(wanted).flatMap(([field, key]): [string, string][] => {
    const value = record[key];
    return value === undefined || value === null ? [] : [[field, String(value)]];
  });
  return {
    MESSAGE: `audit: ${record["agent"] ?? "?"} ${record["kind"]} ${said.join(" ")}`,
    PRIORITY: "6",
    SYSLOG_IDENTIFIER: "con-audit",
    ...Object.fromEntries(found),
    CON_RECORD: JSON.stringify(record),
  };
}
