/** Files in an inbox of a desk, as their owners leave them there, and their claim. */
import { type Claimed, claim } from "../../../src/spool/claim.ts";
import { scan } from "../../../src/spool/scan.ts";
import type { Disk } from "../../../src/system/disk.ts";
import { encodeTask, requestOf } from "../../../src/task/codec.ts";
import type { Request } from "../../../src/task/task.ts";
import { ada, type Desk, idOf, me, noon, write } from "./desk.ts";

export const path = `${me.inbox}/a.task`;

/** As its owner would leave it there, long ago. */
export function drop(at: Desk, name: string, text: string | Uint8Array, owner = ada): void {
  at.memory.uid = owner.uid;
  write(at, `${me.inbox}/${name}.task`, text);
  at.clock.ms = noon + 1e6;
}

export const send = (at: Desk, request: Partial<Request>, owner = ada, name = idOf(1)): void =>
  drop(at, name, encodeTask(requestOf("work", request), { endMarker: true }), owner);

export async function claimOne(at: Desk, disk: Disk = at.disk): Promise<Claimed> {
  const [candidate] = scan(at.world, at.post);
  if (candidate === undefined) throw new Error("nothing");
  return claim({ ...at.world, disk }, at.post, candidate);
}
