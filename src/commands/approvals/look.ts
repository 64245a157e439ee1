/** What waits for people, as commands show it. Reads only. */
import { approvals as directory } from "../../host/paths.ts";
import { move } from "../../steward/approvals/state.ts";
import { listApprovals, readApproval } from "../../steward/approvals/store.ts";
import type { Approval } from "../../steward/approvals/types.ts";
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { denied, isDenied, joinTrusted } from "../shared/access.ts";
import type { Io } from "../shared/io.ts";

/** `place` is another directory in tests only. */
export function allApprovals(io: Io, place = directory): ReturnType<typeof listApprovals> {
  mustBeInstalled(io);
  const { approvals, damaged } = asPerson(place, () => listApprovals(nodeDisk, place));
  return { approvals: approvals.map((one) => now(io, one)), damaged };
}

export function oneApproval(io: Io, id: string, place = directory): Approval {
  mustBeInstalled(io);
  const found = asPerson(place, () => readApproval(nodeDisk, place, id));
  if (found !== null) return now(io, found);
  const why = "nothing of that id waits or waited in the last weeks";
  throw new ConError(exit.badInput, id, why, "see con approvals list --all");
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
