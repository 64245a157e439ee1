/**
 * A new agent: its manifest is checked and held against what its asker may give, then all that it needs is made
 * at once: user, directories, access lists, units, packet rules, instructions.
 *
 * What goes beyond the asker's ceiling waits for a person. All or nothing: see ../change.ts.
 */
import { existsSync } from "node:fs";
import { readCommissions } from "../../host/commissions.ts";
import { agentBase } from "../../host/paths.ts";
import { holdForApproval } from "../approvals.ts";
import { tooMuch } from "../authority.ts";
import { begunBy, type Change, carryOut, settle } from "../change.ts";
import {
  changeFor,
  commissionPath,
  commissionText,
  filesNow,
  instructionsPath,
  manifestPath,
  signature,
} from "../edit.ts";
import { checkManifest, signed } from "../manifest.ts";
import type { Requester } from "../policy.ts";
import { type Asked, type Deed, done, type RequestOf, refused, type Verb } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

type Request = RequestOf<"commission">;

export const commission: Verb<"commission"> = {
  async act(world, request, by, asked) {
    const begun = begunBy(world, asked.id);
    if (begun !== null) return carried(world, begun);
    const checked = checkManifest(world.places.configuration, filesNow(world), request.manifest);
    if (!checked.ok) return refused(checked.why);
    const { agent } = checked;
    await settle(world, agent.name, asked.id);
    const known = readCommissions(world.places.commissions).get(agent.name);
    // Done already, and cut off before the answer.
    if (known?.request === asked.id && known.retired === null) return made(agent.name, []);
    const taken = takenBy(world, agent.name, by);
    if (taken !== null) return refused(taken);
    const excess = asked.approved === null ? tooMuch(world, by, { ...checked, before: null }) : [];
    if (excess.length > 0) return holdForApproval(world, request, by, asked.id, excess);
    return carried(world, changeOfRequest(world, request, by, { agent: agent.name, asked }));
  },
};

/** Null when nobody has that name, or had it. */
function takenBy(world: StewardWorld, agent: string, by: Requester): string | null {
  const remedy = "choose another name";
  if (existsSync(manifestPath(world, agent)) || world.agents().some(({ name }) => name === agent))
    return `agent ${agent}: there is one of that name: amend it, or ${remedy}`;
  if (by.kind !== "agent") return null;
  const known = readCommissions(world.places.commissions).get(agent);
  if (known !== undefined) return `agent ${agent}: there was one of that name: ${remedy}`;
  // Its uid is for ever: whoever has the name gets the files.
  if (world.hasData(agent))
    return `agent ${agent}: data of an earlier one lies in ${agentBase(agent)}: ${remedy}`;
  return null;
}

function changeOfRequest(
  world: StewardWorld,
  { manifest, instructions }: Request,
  by: Requester,
  { agent, asked: { id } }: { readonly agent: string; readonly asked: Asked },
): Change {
  const text = signed(manifest, signature(world, "Commissioned", by, id));
  const record = commissionText(world, agent, by, { request: id, retired: null });
  return changeFor(world, { id, agent, kind: "commission" }, [
    { path: commissionPath(world, agent), after: record },
    // Also where none were given: what an earlier agent of that name left is not this one's.
    { path: instructionsPath(world, agent), after: instructions ?? null },
    { path: manifestPath(world, agent), after: text },
  ]);
}

async function carried(world: StewardWorld, change: Change): Promise<Deed> {
  const result = await carryOut(world, change);
  if (!result.ok) return { ...refused(result.why), status: "failed" };
  return made(change.agent, result.changes);
}

const made = (agent: string, changes: readonly string[]): Deed =>
  done([`${agent} is commissioned`, ...changes], `con agent remove ${agent}`);
