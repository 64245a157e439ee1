/**
 * Is this machine fit, and is this installation healthy? Each check looks, and changes nothing that lasts.
 * A check that cannot be made says so; it never passes by default.
 */
import { healthDefaults } from "../config/system.ts";
import type { Config } from "../config/types.ts";
import { exec } from "../system/exec.ts";
import { bad, type Check, fine } from "./doctor/check.ts";
import { checkCredentials } from "./doctor/credentials.ts";
import { checkBwrap, checkInotify, checkLimits, checkSystemd } from "./doctor/kernel.ts";
import { checkLoad, checkMemory, checkMount, checkSpace } from "./doctor/machine.ts";
import { rulesTrouble, seenTable } from "./rules.ts";

/** `config` is null when con.yaml cannot be used; its problems are reported by the caller. */
export async function examine(config: Config | null, allowHost: boolean): Promise<Check[]> {
  const agents = config?.agents ?? [];
  const checks = await Promise.all([
    checkSystemd(),
    checkLimits(),
    checkInotify(agents.length),
    checkBwrap(),
    checkRules(allowHost),
    checkUnits(),
    checkCredentials(config),
  ]);
  const health = config?.health ?? healthDefaults;
  return [
    ...checks.flat(),
    checkMount(),
    ...checkSpace(health.diskMinFreePct),
    checkMemory(health.memMinFreePct),
    checkLoad(health.maxLoadFactor),
  ];
}

async function checkRules(allowHost: boolean): Promise<Check> {
  const why = await rulesTrouble(allowHost);
  const remedy = "install nftables, and give the container CAP_NET_ADMIN and a network of its own";
  if (why !== null) return bad("packet rules", `${why}; agents get no network`, remedy, "warning");
  return (await seenTable())
    ? fine("packet rules", "table inet con is loaded")
    : bad("packet rules", "table inet con is not loaded", "con bootstrap");
}

const wanted = ["con-gateway.socket", "con-sweep.timer", "con-ready.target"];

async function checkUnits(): Promise<Check[]> {
  const states = await Promise.all(
    wanted.map(async (unit) => (await exec(["systemctl", "is-active", unit])).stdout.trim()),
  );
  const active = wanted.map((unit, index) =>
    states[index] === "active"
      ? fine(unit, "active")
      : bad(unit, states[index] || "unknown", `systemctl status ${unit}; journalctl -u ${unit}`),
  );
  const failed = await exec([
    "systemctl",
    "list-units",
    "--failed",
    "--plain",
    "--no-legend",
    "con*",
  ]);
  const names = failed.stdout.split("\n").flatMap((line) => line.trim().split(/\s+/)[0] || []);
  if (names.length === 0) return [...active, fine("failed units", "none")];
  const remedy = "journalctl -u UNIT says why; then systemctl reset-failed UNIT, and con bootstrap";
  return [...active, bad("failed units", names.join(", "), remedy)];
}
