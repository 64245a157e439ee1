/**
 * An agent's change of its own instructions, or of a skill of its own: looked at and tried here, shown to people, and
 * made only when they agreed to exactly these bytes on exactly that base.
 *
 * Never: a change of anything but the asker's own, one that nobody approved, or a grant: words give no rights. All or
 * nothing, with what it takes to take it back: see ../change.ts.
 */
import { join } from "node:path";
import { type Approval, maxApprovalBytes, type Proposed } from "../approvals/types.ts";
import { holdForApproval } from "../approvals.ts";
import { askerOf } from "../authority.ts";
import { begunBy, type Change, carryOut, settle } from "../change.ts";
import { changeFor } from "../edit.ts";
import { type Placed, placed } from "../proposals/base.ts";
import { tooOften } from "../proposals/limits.ts";
import {
  digestOf,
  type ProposalRecord,
  readRecord,
  recordPath,
  recordText,
} from "../proposals/record.ts";
import { type Target, targetOf } from "../proposals/target.ts";
import { faultIn } from "../proposals/texts.ts";
import { tryOut } from "../proposals/try.ts";
import { type Deed, done, type RequestOf, refused, type Verb } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

type Request = RequestOf<"propose">;

interface Wish {
  readonly agent: string;
  readonly target: Target;
  readonly files: readonly Placed[];
}

export const propose: Verb<"propose"> = {
  async act(world, request, by, asked) {
    const { id, approved } = asked;
    const begun = begunBy(world, id);
    if (begun !== null) return carried(world, begun, request.target);
    const agent = askerOf(world, by);
    if (agent === null) return refused(`${by.name} is no agent of this system any more`);
    await settle(world, agent, id);
    // Done already, and cut off before the answer.
    if (readRecord(world.disk, world.places.proposals, id) !== null)
      return done([words(request.target)], undoOf(id));
    const wish = wishOf(world, agent, request);
    if (typeof wish === "string") return refused(wish);
    // Before anything that costs more: a flood is refused cheaply.
    const often = approved === null ? tooOften(world, agent, request.target, id) : null;
    if (often !== null) return refused(often);
    const shown = shownFor(world, wish, request);
    if (typeof shown === "string") return refused(shown);
    if (approved !== null) return land(world, request, wish, { approved, shown });
    return holdForApproval(world, request, by, id, reasonsOf(request), shown);
  },
};

function wishOf(
  world: StewardWorld,
  agent: string,
  { target: text, files: edits }: Request,
): Wish | string {
  const target = targetOf(agent, text);
  if (target === null) return `target ${text}: say instructions, or skill:NAME with a plain name`;
  const kind = target.kind === "skill" ? "skills" : "instructions";
  const may = world.runtime(agent)?.may.propose ?? [];
  if (!may.includes(kind))
    return `${agent} may not propose to change ${kind}: its may.propose does not name it: tell a person`;
  const found = placed(world, agent, target, edits);
  if (typeof found === "string") return found;
  const isTaken = target.kind === "instructions" && found.some(({ content }) => content === null);
  if (isTaken) return "AGENTS.md: it cannot be taken away: give the whole new text";
  return faultIn(found) ?? { agent, target, files: found };
}

/** It lies in the approval, beside a few lines. */
const mostShown = maxApprovalBytes - 64 * 1024;

/** What people are to see, or why there is nothing to show. */
function shownFor(world: StewardWorld, wish: Wish, request: Request): Proposed | string {
  const { agent, target, files } = wish;
  if (files.every(({ content, before }) => content === before))
    return "nothing would be different: read what is there, and propose what you want instead";
  const tried = tryOut(world, agent, target, files);
  if (!tried.ok) return `tried, and it cannot be: ${tried.why}`;
  const sha256 = digestOf(agent, request.target, files);
  const shown = files.map(({ path, before, content }) => ({ path, before, after: content }));
  const found = { sha256, files: shown, tested: tried.lines };
  const size = Buffer.byteLength(JSON.stringify({ request, found }));
  return size <= mostShown ? found : `it takes ${size} bytes to show: propose less at a time`;
}

/** People see the first of them in the list of what waits. */
const reasonsOf = ({ tainted, trust, target, why }: Request): string[] => [
  ...(tainted
    ? ["WORDS OF STRANGERS were read by the task that proposes this: trust no line"]
    : []),
  ...(trust === "verified" ? [] : ["NOBODY TRUSTED gave the task that proposes this"]),
  `it changes its own ${target}${why === "" ? "" : `: ${why}`}`,
];

async function land(
  world: StewardWorld,
  request: Request,
  { agent, files }: Wish,
  { approved, shown }: { readonly approved: Approval; readonly shown: Proposed },
): Promise<Deed> {
  const { subject, id } = approved;
  const seen = subject.kind === "request" ? subject.proposal : undefined;
  const other = shown.files.find(({ before }, at) => before !== seen?.files[at]?.before);
  if (other !== undefined)
    return refused(`${other.path}: it changed after this was proposed, so the approval is void`);
  if (seen?.sha256 !== shown.sha256)
    return refused("people saw something else than this: propose it again");
  const record = recordOf(world, request, approved, {
    ...{ agent, sha256: seen.sha256, tested: shown.tested },
    files: files.map(({ path, place, before, content }) => ({
      ...{ path, place, before, after: content },
    })),
  });
  const change = changeFor(world, { id, agent, kind: "amend" }, [
    { path: recordPath(world.places.proposals, id), after: recordText(record) },
    ...files.map(({ place, content }) => ({
      ...{ path: join(world.places.configuration, place), after: content },
    })),
  ]);
  return carried(world, change, request.target);
}

function recordOf(
  world: StewardWorld,
  { target, why, task, call, from, trust, tainted }: Request,
  { id, asked, approvals }: Approval,
  what: Pick<ProposalRecord, "agent" | "sha256" | "tested" | "files">,
): ProposalRecord {
  return {
    ...{ version: 1, id, target, why, ...what },
    origin: { task, call, from, trust, tainted },
    ...{ asked, approvals, landed: new Date(world.now()).toISOString(), rolled_back: null },
  };
}

async function carried(world: StewardWorld, change: Change, target: string): Promise<Deed> {
  const result = await carryOut(world, change);
  if (!result.ok) return { ...refused(result.why), status: "failed" };
  return done([words(target), ...result.changes], undoOf(change.id));
}

const words = (target: string): string => `${target} changed, as people approved`;
const undoOf = (id: string): string => `con proposal rollback ${id}`;
