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
  if (loaded.includes(gatewayUnit)) await onUnits("try-restart", [gatewayUnit]);
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
 * Keys come from systemd when the gateway starts, so a change of its drop-in needs a restart. It ends after the
 * calls under way, and the socket keeps new ones until it is back. Its configuration it reads anew by itself.
 */
const gatewayUnit = "con-gateway.service";
