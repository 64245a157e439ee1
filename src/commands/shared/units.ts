/**
 * What systemd says about our units, asked once for all of them. Never: starts or stops anything.
 */
import { exec } from "../../system/exec.ts";

export interface UnitState {
  readonly load: string;
  readonly active: string;
  readonly result: string;
}

export type UnitStates = ReadonlyMap<string, UnitState>;

/** States by unit name, or null where systemd is not running or does not answer. */
export type AskUnits = (units: readonly string[]) => Promise<UnitStates | null>;

const properties = "Id,LoadState,ActiveState,Result";

export const askSystemd: AskUnits = async (units) => {
  const result = await exec(["systemctl", "show", "--property", properties, "--", ...units]);
  return result.code === 0 ? parseUnits(result.stdout) : null;
};

/** Blocks of `Key=value` lines, one block per unit, an empty line between them (systemctl(1)). */
export function parseUnits(text: string): UnitStates {
  const states = new Map<string, UnitState>();
  for (const block of text.split(/\n\n+/)) {
    const values = new Map<string, string>();
    for (const line of block.split("\n")) {
      const equals = line.indexOf("=");
      if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1));
    }
    const id = values.get("Id");
    if (id === undefined) continue;
    states.set(id, {
      load: values.get("LoadState") ?? "",
      active: values.get("ActiveState") ?? "",
      result: values.get("Result") ?? "",
    });
  }
  return states;
}
