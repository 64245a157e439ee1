/** What a check printed, made fit for a report: short, without control characters. Pure. */
import { safeText } from "../../sandbox/output.ts";

const evidenceLength = 500;
const evidenceLines = 8;

/** The first lines of it, at most `length` characters. */
export function evidence(text: string, length = evidenceLength): string {
  const lines = safeText(Buffer.from(text)).trim().split("\n");
  const rest = lines.length > evidenceLines ? ["…"] : [];
  const clean = [...lines.slice(0, evidenceLines), ...rest].join("\n");
  return clean.length <= length ? clean : `${clean.slice(0, length - 1).toWellFormed()}…`;
}

/** Equal for the same trouble: the first line with every number replaced. */
export const stableLine = (text: string): string =>
  (evidence(text, 200).split("\n")[0] ?? "").replace(/\d+(?:[.,:]\d+)*/g, "#");
