/** Proposals as commands show them: those that were made, and what waits or ended otherwise. Reads only. */
import { approvals, proposals } from "../../host/paths.ts";
import { move } from "../../steward/approvals/state.ts";
import { listApprovals } from "../../steward/approvals/store.ts";
import type { Approval } from "../../steward/approvals/types.ts";
import { targetOfRequest } from "../../steward/proposals/limits.ts";
import { originOf, type ProposalRecord, readRecords } from "../../steward/proposals/record.ts";
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { denied, isDenied, joinTrusted } from "../shared/access.ts";
import type { ShownChange } from "../shared/change-text.ts";
import type { Io } from "../shared/io.ts";

/** Where they lie; others in tests only. */
export interface ProposalPlaces {
  readonly approvals: string;
  readonly proposals: string;
}

export interface Proposal extends ShownChange {
  readonly id: string;
  readonly agent: string;
  /** `pending`, `denied`, `expired`, `failed` (agreed to, and not made), `made` or `rolled back`. */
  readonly state: "pending" | "denied" | "expired" | "failed" | "made" | "rolled back";
  readonly asked: string;
  readonly approvals: Approval["approvals"];
  readonly landed: string | null;
  readonly ended: Approval["ended"];
  readonly rolled_back: ProposalRecord["rolled_back"];
}

export interface AllProposals {
  /** Oldest first. */
  readonly proposals: readonly Proposal[];
  /** Ids of records that cannot be read. */
  readonly damaged: readonly string[];
}

export function allProposals(io: Io, places?: ProposalPlaces): AllProposals {
  const from = places ?? installed(io);
  try {
    const { records, damaged } = readRecords(nodeDisk, from.proposals);
    const made = records.map(ofRecord);
    const known = new Set(made.map(({ id }) => id));
    const others = listApprovals(nodeDisk, from.approvals).approvals.flatMap((one) =>
      known.has(one.id) ? [] : ofApproval(move(one, { kind: "look", at: io.now() }).approval),
    );
    const all = [...made, ...others].sort((a, b) => Date.parse(a.asked) - Date.parse(b.asked));
    return { proposals: all, damaged };
  } catch (error) {
    if (isDenied(error)) throw denied("con proposal", from.proposals, joinTrusted);
    throw error;
  }
}

function installed(io: Io): ProposalPlaces {
  if (!io.env["CON_ROOT"]) return { approvals, proposals };
  const why = "con dev has no steward, so nothing can be proposed";
  throw new ConError(exit.unavailable, "con proposal", why, "use it on an installed system");
}

function ofRecord({ version: _version, ...record }: ProposalRecord): Proposal {
  const state = record.rolled_back === null ? "made" : "rolled back";
  const files = record.files.map(({ path, before, after }) => ({ path, before, after }));
  return { ...record, files, state, ended: null };
}

function ofApproval(approval: Approval): Proposal | [] {
  const { subject, id, agent, asked, approvals: consents, ended, state } = approval;
  if (subject.kind !== "request" || subject.proposal === undefined) return [];
  const { request } = subject;
  const target = targetOfRequest(request);
  if (target === null || (request.verb !== "propose" && request.verb !== "share_tool")) return [];
  const { why } = request;
  return {
    ...{ id, agent, target, why, ...subject.proposal, asked, approvals: consents, ended },
    origin: originOf(request),
    state: state === "approved" ? "failed" : state,
    ...{ landed: null, rolled_back: null },
  };
}
