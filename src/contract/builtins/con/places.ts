/** Where the checks of this directory look, and what they ask; tests pass their own. */
import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { compiledDirectory } from "../../../config/compiled.ts";
import { holdOf, readHolds } from "../../../config/holds.ts";
import * as paths from "../../../host/paths.ts";
import { exec } from "../../../system/exec.ts";
import type { HealthRuntime } from "../../types.ts";

export interface Places {
  /** Stands before absolute paths of the machine (`/etc/sudoers`); empty on a real one. */
  readonly sysroot: string;
  readonly holds: string;
  readonly compiled: string;
  readonly ledger: string;
  readonly credentials: string;
  readonly gatewaySocket: string;
  /** The evaluator's history, whose time says when it was written to last. */
  readonly history: string;
  /** The program that runs; its time is that of the build. */
  readonly program: string;
  readonly exec: typeof exec;
  /** Seconds since boot, time asleep included. */
  readonly uptime: () => number;
  readonly bootId: () => string;
  /** Whether we are in the network of PID 1, which has to be kept from agents. */
  readonly onHostNetwork: () => boolean;
  readonly canary: CanaryPlaces;
}

export interface CanaryPlaces {
  /** Where a unit file for one start is put. */
  readonly units: string;
  /** Directory of root's for the answers. */
  readonly scratch: string;
  /** `con canary`: what is started as the agent. */
  readonly argv: readonly string[];
}

export const installedPlaces: Places = {
  sysroot: "",
  holds: paths.holds,
  compiled: compiledDirectory,
  ledger: join(paths.ledgerDirectory, "ledger.db"),
  credentials: paths.credentials,
  gatewaySocket: paths.gatewaySocket,
  history: join(paths.reports, "history.jsonl"),
  program: "/usr/lib/con/con.mjs",
  exec,
  uptime: () => Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]),
  bootId: () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
  onHostNetwork: () => readlinkSync("/proc/self/ns/net") === readlinkSync("/proc/1/ns/net"),
  canary: {
    units: paths.dropIns,
    scratch: join(paths.healthState, "canary"),
    argv: ["/usr/bin/con", "canary"],
  },
};

/** Agents that nobody stopped on purpose: what waits at a held one is no trouble. */
export function freeAgents({ holds }: Places, health: HealthRuntime): HealthRuntime["agents"] {
  const now = readHolds(holds);
  return health.agents.filter((agent) => holdOf(now, agent) === null);
}
