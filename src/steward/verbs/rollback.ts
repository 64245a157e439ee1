/**
 * Takes a change back that an agent proposed and people approved: each file gets the text that it had before. A person's
 * word, like an approval. Never: overwrites what was changed since by somebody else.
 */
import { begunBy, type Change, carryOut, settle } from "../change.ts";
import { changeFor } from "../edit.ts";
import type { Requester } from "../policy.ts";
import { baseAt, pathOf } from "../proposals/base.ts";
import { type ProposalRecord, readRecord, recordPath, recordText } from "../proposals/record.ts";
import { type Deed, done, type RequestOf, refused, type Verb } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

export const rollback: Verb<"rollback"> = {
  async act(world, request, by, { id }) {
    const begun = begunBy(world, id);
    if (begun !== null) return carried(world, begun, request.proposal);
    const found = readRecord(world.disk, world.places.proposals, request.proposal);
    if (found === null)
      return refused(`${request.proposal}: no such change was made: see con proposal list`);
    await settle(world, found.agent, id);
    // As it is now that what was under way has ended.
    const record = readRecord(world.disk, world.places.proposals, request.proposal) ?? found;
    const back = record.rolled_back;
    // Done already, and cut off before the answer.
    if (back?.request === id) return done([words(record.id)], null);
    if (back !== null)
      return refused(`${record.id}: ${back.by.name} took it back already, at ${back.at}`);
    const other = goneSince(world, record) ?? changedSince(world, record);
    if (other !== null) return refused(other);
    return carried(world, changeBack(world, request, by, { record, id }), record.id);
  },
};

/** What it had of its own is in its archive, and another agent may get its name. Shared tools stay. */
function goneSince(world: StewardWorld, { agent, target }: ProposalRecord): string | null {
  const isThere = world.agents().some(({ name }) => name === agent);
  return isThere || target.startsWith("tool:")
    ? null
    : `there is no agent ${agent} any more: what it had is in its archive`;
}

function changedSince(world: StewardWorld, { files }: ProposalRecord): string | null {
  for (const { place, after } of files) {
    const base = baseAt(world, place);
    if (!base.ok) return base.why;
    if (base.text !== after)
      return `${place}: it was changed since: take the later change back first, or edit the file`;
  }
  return null;
}

function changeBack(
  world: StewardWorld,
  { why }: RequestOf<"rollback">,
  { uid, name }: Requester,
  { record, id }: { readonly record: ProposalRecord; readonly id: string },
): Change {
  const at = new Date(world.now()).toISOString();
  const after = recordText({
    ...record,
    rolled_back: { by: { uid, name }, at, why, request: id },
  });
  return changeFor(world, { id, agent: record.agent, kind: "amend" }, [
    { path: recordPath(world.places.proposals, record.id), after },
    // The other way round: what names a file goes before it.
    ...record.files.toReversed().map(({ place, before }) => ({
      ...{ path: pathOf(world, place), after: before },
    })),
  ]);
}

async function carried(world: StewardWorld, change: Change, proposal: string): Promise<Deed> {
  const result = await carryOut(world, change);
  if (!result.ok) return { ...refused(result.why), status: "failed" };
  return done([words(proposal), ...result.changes], null);
}

const words = (proposal: string): string => `${proposal} is taken back`;
