/**
 * A line of a hash chain as an entry of the journal: words, and a field for each thing that people look for,
 * e.g. `journalctl CON_TASK=ID`. Pure. The chain is the record; the journal is a copy for searching.
 */
import type { ChainRecord, Json } from "./chain.ts";

const shownFields = [
  ...["state", "outcome", "name", "grant", "verb", "ok", "code", "asked", "model", "status"],
  ...["contract", "check", "severity", "why", "error"],
];

type Fields = Readonly<Record<string, Json | undefined>>;

const inner = (value: Json | undefined): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/** What people look for. The steward's lines name who asked and what for a level deeper. */
function found(record: ChainRecord): Fields {
  const [by, request] = [inner(record["by"]), inner(record["request"])];
  return {
    CON_AUDIT: record["kind"] ?? record["event"],
    CON_AGENT: record["agent"] ?? request["agent"],
    CON_TASK: record["task"],
    CON_UID: record["uid"] ?? by["uid"],
    CON_REQUEST: record["id"],
    CON_VERB: record["verb"] ?? request["verb"],
    CON_INCIDENT: record["incident"] ?? request["incident"],
    CON_CONTRACT: record["contract"],
  };
}

/** `source` writes the chain: agents, steward or contracts. */
export function auditEntry(source: string, record: ChainRecord): Record<string, string> {
  const fields = Object.entries(found(record)).flatMap(([field, value]): [string, string][] =>
    value === undefined || value === null || typeof value === "object"
      ? []
      : [[field, String(value)]],
  );
  const {
    CON_AUDIT: kind = "line",
    CON_AGENT: agent = "",
    CON_VERB: verb = "",
  } = Object.fromEntries(fields);
  const said = shownFields.flatMap((key) => {
    const value = key === "verb" ? verb : record[key];
    const isPlain =
      value !== undefined && value !== null && value !== "" && typeof value !== "object";
    return isPlain ? [`${key}=${value}`] : [];
  });
  return {
    MESSAGE: ["audit:", agent || source, kind, ...said].join(" "),
    PRIORITY: "6",
    SYSLOG_IDENTIFIER: "con-audit",
    CON_CHAIN: source,
    ...Object.fromEntries(fields),
    CON_RECORD: JSON.stringify(record),
  };
}
