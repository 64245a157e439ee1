/**
 * What runs, in one word for the system, the gateway and each agent: asked once for all of them. Reads only.
 *
 * Without systemd's answer everything is `unknown`, never `stopped`.
 */
import type { Style } from "./io.ts";
import { isListening } from "./listening.ts";
import { type AgentState, stateOf } from "./overview.ts";
import type { System } from "./system.ts";
import type { AskUnits, UnitStates } from "./units.ts";

export interface States {
  readonly system: string;
  readonly gateway: string;
  readonly agent: (name: string, active: number | null) => AgentState;
}

export async function statesOf({ runtime, dev }: System, ask: AskUnits): Promise<States> {
  return dev ? devStates(await isListening(runtime.gateway)) : unitStates(await ask());
}

/** Without systemd: one process is all of it, and it runs or it does not. */
const devStates = (runs: boolean): States => ({
  system: runs ? "development" : "development, con dev is not running",
  gateway: runs ? "waiting" : "stopped",
  agent: (_, active) => (!runs ? "stopped" : active === 0 ? "waiting" : "working"),
});

const unitStates = (units: UnitStates | null): States => ({
  system: units === null ? "unknown" : readyState(units),
  gateway: gatewayState(units),
  agent: (name) => stateOf(units, name),
});

const gatewayUnits = ["con-gateway.socket", "con-gateway.service"] as const;
const readyUnit = "con-ready.target";

const readyState = (units: UnitStates): string =>
  units.get(readyUnit)?.active === "active" ? "ready" : "not ready";

function gatewayState(units: UnitStates | null): string {
  if (units === null) return "unknown";
  const [socket, service] = gatewayUnits.map((unit) => units.get(unit)?.active);
  if (service === "active" || service === "activating") return "working";
  if (service === "failed" || socket === "failed") return "failed";
  return socket === "active" ? "waiting" : "stopped";
}

const styles: Readonly<Record<string, Style>> = {
  working: "cyan",
  waiting: "green",
  failed: "red",
  stopped: "yellow",
  paused: "yellow",
  halted: "yellow",
  quarantined: "red",
};

export const stateStyle = (state: string): Style => styles[state] ?? "dim";
