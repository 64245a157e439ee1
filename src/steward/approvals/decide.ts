/**
 * What people say about what waits, and what follows from it.
 *
 * The word is durable before anything follows; a word that is there already is carried on with, so a
 * crash between the two loses nothing and does nothing twice.
 */
import { continueTool } from "../../config/brakes.ts";
import type { Requester } from "../policy.ts";
import type { Asked, Deed } from "../verb.ts";
import type { StewardWorld } from "../world.ts";
import { look } from "./look.ts";
import { inPast, move } from "./state.ts";
import { readApproval, writeApproval } from "./store.ts";
import type { Approval } from "./types.ts";
import { subjectInWords } from "./words.ts";

const refused = (error: string): Deed => ({ status: "refused", error, changes: [], undo: null });

/** A person's word, or that of an agent that may review this. What follows from it is done before this returns. */
export async function decide(
  world: StewardWorld,
  made: { readonly kind: "approve" | "deny"; readonly id: string; readonly why: string },
  by: Requester,
  perform: Asked["perform"],
  as: "person" | "reviewer" = "person",
): Promise<Deed> {
  const found = readApproval(world.disk, world.places.approvals, made.id);
  if (found === null) return refused(`${made.id}: nothing of that id waits: see con approvals`);
  const before = look(world, found);
  if (as === "person" && by.kind !== "root" && by.kind !== "trusted")
    return refused(`${by.name} may not decide: only root and members of group trusted may`);
  const { approval, refusal } = move(before, {
    ...made,
    by,
    at: world.now(),
    isAgent: as === "reviewer",
  });
  if (approval !== before) writeApproval(world.disk, world.places.approvals, approval);
  // Also what an earlier try left: an end must always reach the one who asked.
  const isOpen = approval.ended !== null && !approval.settled;
  const outcome = isOpen ? await settle(world, approval, perform) : [];
  if (refusal !== null) return refused(`${made.id}: ${refusal}`);
  return { status: "done", error: null, changes: [inWords(approval), ...outcome], undo: null };
}

/**
 * What came of a request that was approved, in words. Repeated after a crash, it does nothing twice:
 * requests are idempotent, answers have fixed ids.
 */
async function settle(
  world: StewardWorld,
  approval: Approval,
  perform: Asked["perform"],
): Promise<readonly string[]> {
  const { status, error, changes } = await perform(approval);
  writeApproval(world.disk, world.places.approvals, { ...approval, settled: true });
  const { subject, state } = approval;
  if (subject.kind === "tool" || state !== "approved") return [];
  if (status === "held") return changes;
  if (status !== "done") return [`${what(subject)} ${status}: ${error ?? "no reason given"}`];
  return subject.kind === "request" ? changes : [];
}

const what = (subject: Approval["subject"]): string =>
  subject.kind === "request" ? subject.verb : subject.kind;

/** What the one who asked is told of a call. */
export function verdictOf(approval: Approval): string {
  const { state, ended, approvals, subject } = approval;
  if (state === "approved") {
    // Whoever lets a task go on says how; of a call nothing can be changed any more.
    const isHeard = subject.kind === "tool" && subject.tool === continueTool;
    const each = approvals.map(({ name, why: said }) =>
      isHeard && said !== "" ? `${name}: ${said}` : name,
    );
    return `approved by ${each.join(", ")}`;
  }
  const why = ended?.why === "" || ended === null ? "no reason was given" : ended.why;
  return `denied by ${ended?.by?.name ?? "nobody"}: ${why}`;
}

function inWords(approval: Approval): string {
  const { state, approvals, needed, agent } = approval;
  const what = subjectInWords(approval);
  if (state === "pending")
    return `${agent}: ${what}: ${approvals.length} of ${needed} people have approved`;
  return `${agent}: ${what}: ${inPast(approval)}`;
}
