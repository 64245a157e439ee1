/** Lets PID 1, runners and the gateway take up files that changed under them. */
import { basename, dirname } from "node:path";
import { compiledPaths } from "../config/compiled.ts";
import { unitOfDropIn } from "./diff.ts";
import { onUnits, reloadUnits, type Units } from "./systemd.ts";

/** A drop-in of a unit that PID 1 never loaded is read when it starts: no reload on that way. */
export async function refreshUnits(changedPaths: readonly string[], units: Units): Promise<void> {
  const touched = new Set(changedPaths.flatMap((path) => unitOfDropIn(path) ?? []));
  const loaded = [...touched].filter((unit) => units.has(unit));
  if (loaded.length > 0) await reloadUnits();
  const listening = loaded.filter(
    (unit) => /\.(path|timer)$/.test(unit) && units.get(unit)?.active === "active",
  );
  await onUnits("restart", listening);
  await onUnits("try-restart", oldRunners(changedPaths, units));
  await refreshGateway(changedPaths, loaded);
}

/**
 * A runner knows its manifest, and whom to trust, from its start: what was taken away must not wait for
 * the end of a busy session. The restart costs a task nothing; it goes on from its journal.
 */
function oldRunners(changedPaths: readonly string[], units: Units): string[] {
  const { agents } = compiledPaths();
  const changed = changedPaths
    .filter((path) => dirname(path) === agents && path.endsWith(".json"))
    .map((path) => `con@${basename(path, ".json")}.service`);
  const dropIns = changedPaths.flatMap((path) => unitOfDropIn(path) ?? []);
  const services = [...changed, ...dropIns.filter((unit) => unit.endsWith(".service"))];
  return [...new Set(services)].filter(
    (unit) => unit.startsWith("con@") && units.get(unit)?.active === "active",
  );
}

/**
 * A running gateway knows the callers and keys of its start. It ends after the calls under way, and the
 * socket keeps new ones until it is back: before the units of new agents are started.
 */
async function refreshGateway(
  changedPaths: readonly string[],
  loaded: readonly string[],
): Promise<void> {
  const isOld = changedPaths.includes(compiledPaths().gateway) || loaded.includes(gatewayUnit);
  if (isOld) await onUnits("try-restart", [gatewayUnit]);
}

const gatewayUnit = "con-gateway.service";
