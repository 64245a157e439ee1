/** Whether the runners of agents run, as systemd says. Reads only. */
import type { Places } from "./places.ts";
import { type Properties, parseProperties } from "./systemd.ts";

export interface RunnerState {
  /** `works`: also one that ends, or that systemd starts again because it failed. */
  readonly is: "works" | "starts" | "gone";
  /** When a person or a task started it, epoch milliseconds; null where systemd started it again. */
  readonly since: number | null;
}

const properties = "--property=Id,ActiveState,SubState,ActiveEnterTimestamp,NRestarts";
const working = ["active", "deactivating", "reloading", "refreshing"];

/** By agent; or why it is not known. */
export async function runnerStates(
  { exec }: Pick<Places, "exec">,
  names: readonly string[],
): Promise<ReadonlyMap<string, RunnerState> | string> {
  if (names.length === 0) return new Map();
  const units = names.map((name) => `con@${name}.service`);
  const result = await exec(["systemctl", "show", "--timestamp=unix", properties, "--", ...units]);
  if (result.code !== 0) return `systemctl show ended with ${result.code}`;
  const states = parseProperties(result.stdout);
  return new Map(names.map((name) => [name, stateOf(states.get(`con@${name}.service`))]));
}

function stateOf(unit: Properties = {}): RunnerState {
  const { ActiveState: active = "", SubState: sub = "", NRestarts: restarts = "0" } = unit;
  const isAgain = sub.startsWith("auto-restart");
  const at = Number(unit["ActiveEnterTimestamp"]?.replace("@", "") || Number.NaN);
  const since = isAgain || Number(restarts) > 0 || !Number.isFinite(at) ? null : at * 1000;
  if (working.includes(active) || isAgain) return { is: "works", since };
  return { is: active === "activating" ? "starts" : "gone", since };
}
