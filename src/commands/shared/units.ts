/**
 * What systemd says about our units, asked once for all of them. Never: starts or stops anything.
 *
 * `systemctl list-units` is one question to PID 1; `systemctl show` asks for all properties of each unit in turn, which
 * with 100 agents takes a second of PID 1 (docs/performance-notes.md).
 */
import { exec } from "../../system/exec.ts";
import { isObject, jsonOrNull } from "../../system/json.ts";

export interface UnitState {
  readonly active: string;
}

/** Only what systemd has loaded; the rest does not run. */
export type UnitStates = ReadonlyMap<string, UnitState>;

/** States by unit name, or null where systemd is not running or does not answer. */
export type AskUnits = () => Promise<UnitStates | null>;

/** Agents, what wakes them, and what they all need. */
const patterns = ["con@*", "con-bell@*", "con-gateway.*", "con-ready.target"];

export const askSystemd: AskUnits = async () => {
  const options = ["--all", "--full", "--no-pager", "--output=json"];
  const result = await exec(["systemctl", "list-units", ...options, "--", ...patterns]);
  return result.code === 0 ? parseUnits(result.stdout) : null;
};

/** A list of `{"unit": …, "active": …, …}` (systemctl(1), `--output=json`); null for anything else. */
export function parseUnits(text: string): UnitStates | null {
  const list = jsonOrNull(text);
  if (!Array.isArray(list)) return null;
  const states = new Map<string, UnitState>();
  for (const one of list) {
    if (!isObject(one) || typeof one["unit"] !== "string") return null;
    states.set(one["unit"], { active: String(one["active"] ?? "") });
  }
  return states;
}
