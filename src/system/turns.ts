/**
 * `/var/lib/con/outcomes/NAME/contracts.json`: checks of contracts that name an agent, and that turned from holding to
 * failing. Root writes it (contract/outcomes.ts), that agent alone reads it (runner/cascade/outcomes.ts).
 */
import { join } from "node:path";
import type { Disk } from "./disk.ts";
import { readFile } from "./durable.ts";
import { jsonOrNull } from "./json.ts";

/** One check that turned from holding to failing. */
export interface Turn {
  readonly contract: string;
  readonly check: string;
  readonly message: string;
  /** Epoch milliseconds: when it held last, and when it was seen failing. */
  readonly passed: number;
  readonly failed: number;
}

export const outcomes = "/var/lib/con/outcomes";

export const outcomesPath = (agent: string, directory = outcomes): string =>
  join(directory, agent, "contracts.json");

const maxBytes = 64 * 1024;

/** None where there is no such file, or none of ours. */
export function readTurns(disk: Disk, path: string): Turn[] {
  const bytes = readFile(disk, path, maxBytes);
  if (bytes === null) return [];
  const value = jsonOrNull(bytes) as { turns?: unknown } | null;
  return Array.isArray(value?.turns) ? value.turns.filter(isTurn) : [];
}

function isTurn(value: unknown): value is Turn {
  if (typeof value !== "object" || value === null) return false;
  const { contract, check, message, passed, failed } = value as Readonly<Record<string, unknown>>;
  const texts = [contract, check, message].every((one) => typeof one === "string");
  return texts && Number.isFinite(passed) && Number.isFinite(failed);
}
