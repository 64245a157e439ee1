/** What waits for people, as commands show it. Reads only. */
import { approvals as directory } from "../../host/paths.ts";
import { move } from "../../steward/approvals/state.ts";
import { listApprovals, readApproval } from "../../steward/approvals/store.ts";
import type { Approval } from "../../steward/approvals/types.ts";
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { denied, isDenied, joinTrusted } from "../shared/access.ts";
import type { Io } from "../shared/io.ts";
import { loadSystem, type System } from "../shared/system.ts";

/** Where it lies; others in tests only. */
export interface Where {
  readonly directory: string;
  /** Whose agents may ask people without the steward. */
  readonly system: () => System;
}

export function installed(io: Io): Where {
  mustBeInstalled(io);
  return { directory, system: () => loadSystem(io.env) };
}

export function allApprovals(
  io: Io,
  { directory: place }: Where,
): ReturnType<typeof listApprovals> {
  const { approvals, damaged } = asPerson(place, () => listApprovals(nodeDisk, place));
  return { approvals: approvals.map((one) => now(io, one)), damaged };
}

/** Null where the steward knows of none. */
export function oneApproval(io: Io, id: string, { directory: place }: Where): Approval | null {
  const found = asPerson(place, () => readApproval(nodeDisk, place, id));
  return found === null ? null : now(io, found);
}

/** What is over is shown as over, also before the steward has written it down. */
const now = (io: Io, approval: Approval): Approval =>
  move(approval, { kind: "look", at: io.now() }).approval;

function asPerson<T>(place: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (isDenied(error)) throw denied("con approvals", place, joinTrusted);
    throw error;
  }
}

function mustBeInstalled(io: Io): void {
  if (!io.env["CON_ROOT"]) return;
  const why = "con dev has no steward, so a call that needs an approval is refused";
  throw new ConError(exit.unavailable, "con approvals", why, "use it on an installed system");
}
