/**
 * The end of an agent: it is stopped, its manifest and all that was made from it go, its data is archived for
 * root, its user goes, its uid is never given again.
 *
 * Once begun it is carried to its end, also when the request is gone: half an agent helps nobody.
 */
import { basename, dirname, join } from "node:path";
import { holdFile } from "../../config/holds.ts";
import { readCommissions } from "../../host/commissions.ts";
import { archive } from "../../host/paths.ts";
import { listed } from "../../system/disk.ts";
import { begunBy, type Change, carryOut, settle } from "../change.ts";
import { endChild } from "../children/end.ts";
import {
  changeFor,
  commissionPath,
  commissionText,
  filesNow,
  instructionsPath,
  manifestPath,
} from "../edit.ts";
import { withoutAgent } from "../grants.ts";
import { agentCalled, type Deed, done, isDeed, refused, type Verb } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

export const retire: Verb<"retire"> = {
  async act(world, { agent }, by, { id }) {
    const begun = begunBy(world, id);
    if (begun !== null) return carried(world, begun);
    await settle(world, agent, id);
    const known = readCommissions(world.places.commissions).get(agent);
    // Done already, and cut off before the answer.
    if (known?.request === id && known.retired !== null) return done([`${agent} is retired`], null);
    if (endChild(world, agent, `ended by ${by.name}`))
      return done([`${agent} was a temporary agent, and ends`], null);
    if (world.frontDesk() === agent) {
      const remedy = "name another one as system.front_desk in con.yaml first";
      return refused(`agent ${agent}: it is the front desk: ${remedy}`);
    }
    const there = agentCalled(world, agent);
    const files = filesNow(world);
    const manifest = files.agents.some(({ path }) => basename(path) === `${agent}.yaml`);
    if (isDeed(there) && !manifest && !world.hasData(agent)) return there;
    const at = new Date(world.now()).toISOString();
    const record = commissionText(world, agent, by, { request: id, retired: at });
    return carried(
      world,
      changeFor(world, { id, agent, kind: "retire" }, [
        { path: commissionPath(world, agent), after: record },
        ...mentions(world, agent),
        { path: join(world.places.holds, holdFile(agent)), after: null },
        ...contractsOf(world, agent),
        { path: instructionsPath(world, agent), after: null },
        { path: manifestPath(world, agent), after: null },
      ]),
    );
  },
};

/** Those that it proposed about itself: they would look at nobody. */
const contractsOf = (world: StewardWorld, agent: string) => {
  const folder = join(world.places.configuration, "contracts");
  return listed(world.disk, folder)
    .filter((name) => name.startsWith(`${agent}.`) && name.endsWith(".yaml"))
    .map((name) => ({ path: join(folder, name), after: null }));
};

/** Other manifests that let their agents task it would be refused for naming nobody. */
function mentions(world: StewardWorld, agent: string) {
  return filesNow(world).agents.flatMap(({ path, text }) => {
    if (basename(path) === `${agent}.yaml`) return [];
    const without = withoutAgent(text, agent);
    return without === null ? [] : [{ path, after: without }];
  });
}

async function carried(world: StewardWorld, change: Change): Promise<Deed> {
  const result = await carryOut(world, change);
  if (!result.ok) return { ...refused(result.why), status: "failed" };
  const others = change.files
    .filter(({ path }) => path.endsWith(".yaml") && basename(dirname(path)) === "agents.d")
    .map(({ path }) => basename(path, ".yaml"))
    .filter((name) => name !== change.agent);
  const edited = others.map((name) => `${name} may no longer task it: its manifest was changed`);
  const data = `its data lies in ${join(archive, change.archive)}`;
  return done([`${change.agent} is retired`, data, ...edited, ...result.changes], null);
}
