/** Reads latest.json back. Never: believes more of it than its shape; a damaged one is as none. */
import type { Disk } from "../../system/disk.ts";
import { readFile } from "../../system/durable.ts";
import { jsonOrNull } from "../../system/json.ts";
import type { ReportDocument } from "./document.ts";

const maxBytes = 64 * 1024 * 1024;

export type ReportRead =
  | { readonly kind: "report"; readonly document: ReportDocument }
  | { readonly kind: "none" }
  | { readonly kind: "damaged" };

/** Throws what the kernel says but ENOENT. */
export function readReport(disk: Disk, path: string): ReportRead {
  const bytes = readFile(disk, path, maxBytes);
  if (bytes === null) return { kind: disk.find(path) === null ? "none" : "damaged" };
  const value = jsonOrNull(bytes);
  return isReport(value) ? { kind: "report", document: value } : { kind: "damaged" };
}

const lists = ["results", "bad", "incidents", "holds", "held", "notes"] as const;

function isReport(value: unknown): value is ReportDocument {
  if (typeof value !== "object" || value === null) return false;
  const report = value as { readonly [Key in keyof ReportDocument]?: unknown };
  return (
    report.version === 1 &&
    !Number.isNaN(Date.parse(String(report.at))) &&
    typeof report.ok === "boolean" &&
    Number.isFinite(report.interval_seconds) &&
    typeof report.counts === "object" &&
    lists.every((key) => Array.isArray(report[key]))
  );
}
