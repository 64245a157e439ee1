/** What the installer of packages gets: its packet rules, and what the steward knows of it. Pure. */
import { registryTargets } from "../../config/forge.ts";
import { parseNetworkTarget } from "../../config/grammar.ts";
import type { Config, ForgePart } from "../../config/types.ts";
import { layerUser } from "../ids.ts";
import type { Finding, Network, World } from "../world.ts";
import type { UserRules } from "./browser.ts";
import { publicRules, targetRules } from "./rule-parts.ts";

const noPart: ForgePart = { packages: [], registries: {} };

/** Registries that con.yaml names may be private; all others are public. */
export function planLayerRules(
  { config, people }: World,
  { addresses, resolvers }: Extract<Network, { usable: true }>,
): UserRules {
  const named = registryTargets(config.forge ?? noPart);
  const excepted = named.flatMap(
    (target) => targetRules(parseNetworkTarget(target), addresses) ?? [],
  );
  return {
    uid: people.users.get(layerUser.name)?.uid ?? layerUser.id,
    lines: publicRules(excepted, resolvers),
  };
}

/** Without packet rules the installer would reach all that root reaches. */
export function compileForge({ forge }: Config, network: Network): Config["forge"] {
  if (forge === undefined || network.usable) return forge;
  return { ...forge, closed: `there are no packet rules here (${network.why})` };
}

export function layerFindings({ config, network }: World): Finding[] {
  const unresolved = registryTargets(config.forge ?? noPart).filter(
    (target) =>
      network.usable && targetRules(parseNetworkTarget(target), network.addresses) === null,
  );
  return unresolved.map((target) => ({
    what: `registry ${target}`,
    why: "the name has no address now, so nothing private was opened for it",
    remedy: "check the name and the machine's DNS, then run con bootstrap",
  }));
}
