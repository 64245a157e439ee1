/** Whether a file is root's alone: contracts and their scripts say what root runs. Pure. */
import type { BigIntStats } from "node:fs";

/** Why it is not, or null. The mask of an access list is seen in the group bits, so these say all. */
export function notOwned(
  status: Pick<BigIntStats, "uid" | "mode">,
  rootUid: number,
): string | null {
  if (status.uid !== BigInt(rootUid)) return `it belongs to uid ${status.uid}, not to root`;
  if ((status.mode & 0o022n) === 0n) return null;
  return `others than root may write to it (mode ${(status.mode & 0o7777n).toString(8)})`;
}
