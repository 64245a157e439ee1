/**
 * Loads and looks at `table inet con`. One nft transaction: the old rules hold until the new ones do.
 *
 * Never: touches another table, or a network namespace that is not known to be con's own.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "../system/disk.ts";
import { exec } from "../system/exec.ts";
import { sha256 } from "../system/sha256.ts";
import { rulesFile } from "./paths.ts";
import { tableName } from "./plan/rules.ts";

/** Why packet rules cannot be used here, or null. */
export async function rulesTrouble(allowHost: boolean): Promise<string | null> {
  // systemd writes this file in a container (systemd.io/CONTAINER_INTERFACE).
  if (!allowHost && !existsSync("/run/systemd/container"))
    return "this is no container, and its packet rules are not con's to change without --host";
  const result = await exec(["nft", "list", "tables"]);
  if (result.code === 127) return "nft is not installed";
  return result.code === 0 ? null : `nft was refused: ${firstLine(result.stderr)}`;
}

/** Loads the table; returns what went wrong, or null. */
export async function loadRules(text: string): Promise<string | null> {
  const result = await exec(["nft", "-f", "-"], { input: text });
  if (result.code !== 0) return `nft refused the rules: ${firstLine(result.stderr)}`;
  mkdirSync(dirname(rulesFile), { recursive: true, mode: 0o755 });
  const seen = { wanted: sha256(text), listed: sha256(await listing()) };
  writeFileSync(rulesFile, `${JSON.stringify(seen)}\n`, { mode: 0o644 });
  return null;
}

export type SeenRules = "as-wanted" | "none" | "changed";

/** Compares what is loaded with `text`, and with what nft listed right after it was loaded. */
export async function seenRules(text: string): Promise<SeenRules> {
  const now = await listing();
  if (now === "") return "none";
  const last = readSeen();
  return last.wanted === sha256(text) && last.listed === sha256(now) ? "as-wanted" : "changed";
}

/** Whether the table is there at all. */
export const seenTable = async (): Promise<boolean> => (await listing()) !== "";

/** Without counters, which move; empty when the table does not exist. */
async function listing(): Promise<string> {
  const result = await exec(["nft", "--stateless", "list", "table", "inet", tableName]);
  return result.code === 0 ? result.stdout : "";
}

function readSeen(): { wanted?: unknown; listed?: unknown } {
  try {
    return JSON.parse(readFileSync(rulesFile, "utf8")) as { wanted?: unknown; listed?: unknown };
  } catch (error) {
    // A missing or damaged note means that the rules are loaded once more.
    if (errnoOf(error) === "ENOENT" || error instanceof SyntaxError) return {};
    throw error;
  }
}

const firstLine = (text: string): string => text.trim().split("\n")[0] ?? "";
