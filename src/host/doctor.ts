/**
 * Is this machine fit, and is this installation healthy? Each check looks, and changes nothing that lasts.
 * A check that cannot be made says so; it never passes by default. What differs from the configuration is
 * con verify's to tell.
 */
import { healthDefaults } from "../config/system.ts";
import type { Config } from "../config/types.ts";
import { exec } from "../system/exec.ts";
import { bad, type Check, type Finding, fine, inGroup } from "./doctor/check.ts";
import { checkClock } from "./doctor/clock.ts";
import { checkCredentials } from "./doctor/credentials.ts";
import { checkFeatures } from "./doctor/features.ts";
import { checkGpu } from "./doctor/gpu.ts";
import { checkHealth } from "./doctor/health.ts";
import { checkHolds } from "./doctor/holds.ts";
import { checkBwrap, checkInotify, checkLimits, checkSystemd } from "./doctor/kernel.ts";
import { checkLoad, checkMemory, checkMount, checkSpace } from "./doctor/machine.ts";
import { checkMemories } from "./doctor/memories.ts";
import { checkProviders } from "./doctor/providers.ts";
import { rulesTrouble, seenTable } from "./rules.ts";

export interface ExamineOptions {
  /** Packet rules are con's to set although this is no container. */
  readonly allowHost: boolean;
  readonly offline: boolean;
  /** A GPU has to be there. */
  readonly gpu: boolean;
}

/** `config` is null when con.yaml cannot be used; its problems are reported by the caller. */
export async function examine(config: Config | null, options: ExamineOptions): Promise<Check[]> {
  const health = config?.health ?? healthDefaults;
  const machine = await Promise.all([
    checkSystemd(),
    checkLimits(),
    checkFeatures(),
    checkBwrap(),
    checkInotify(config?.agents.length ?? 0),
    checkNftables(options.allowHost),
    checkMount(),
    checkSpace(health.diskMinFreePct),
    checkMemory(health.memMinFreePct),
    checkLoad(health.maxLoadFactor),
    checkClock(),
    checkGpu(options.gpu, "/dev", gpuAgents(config)),
    checkProviders(config?.providers ?? {}, options.offline),
  ]);
  const installation = await Promise.all([
    checkRules(options.allowHost),
    checkUnits(),
    checkCredentials(config),
    checkHolds(),
    checkHealth(),
    checkMemories(),
  ]);
  return [...inGroup("machine", machine.flat()), ...inGroup("installation", installation.flat())];
}

const gpuAgents = (config: Config | null): string[] =>
  (config?.agents ?? []).flatMap(({ name, gpu }) => (gpu === true ? [name] : []));

async function checkNftables(allowHost: boolean): Promise<Finding> {
  const why = await rulesTrouble(allowHost);
  const remedy = "install nftables, and give the container CAP_NET_ADMIN and a network of its own";
  if (why === null) return fine("nftables", "packet rules can be set");
  return bad("nftables", `${why}; agents get no network`, remedy, "medium");
}

async function checkRules(allowHost: boolean): Promise<Finding[]> {
  // Said once, by nftables.
  if ((await rulesTrouble(allowHost)) !== null) return [];
  return [
    (await seenTable())
      ? fine("packet rules", "table inet con is loaded")
      : bad("packet rules", "table inet con is not loaded", "con bootstrap", "critical"),
  ];
}

const wanted = [
  "con-gateway.socket",
  "con-sandbox.socket",
  "con-browser.socket",
  "con-sweep.timer",
  "con-healthcheck.timer",
  "con-expiry.timer",
  "con-upkeep.timer",
  "con-steward.path",
  "con-ready.target",
];

async function checkUnits(): Promise<Finding[]> {
  const states = await Promise.all(
    wanted.map(async (unit) => (await exec(["systemctl", "is-active", unit])).stdout.trim()),
  );
  const active = wanted.map((unit, index) => {
    const state = states[index] || "unknown";
    if (state === "active") return fine(unit, "active");
    return bad(unit, state, `systemctl start ${unit}; systemctl status ${unit}; con bootstrap`);
  });
  return [...active, await checkFailed()];
}

async function checkFailed(): Promise<Finding> {
  const argv = ["systemctl", "list-units", "--failed", "--plain", "--no-legend", "con*"] as const;
  const failed = await exec(argv);
  const names = failed.stdout.split("\n").flatMap((line) => line.trim().split(/\s+/)[0] || []);
  if (failed.code !== 0)
    return bad("failed units", `systemctl ended with ${failed.code}`, "systemctl --failed");
  if (names.length === 0) return fine("failed units", "none");
  const [first = ""] = names;
  const remedy = `journalctl -u ${first}; then systemctl reset-failed ${first}; con bootstrap`;
  return bad("failed units", names.join(", "), remedy);
}
