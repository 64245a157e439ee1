/** The life of a task: delivered, claimed, held, answered or released or cancelled, settled, told to its sender. */
import { type Course, HeldMachine, heldFolders } from "../../spool/support/held-machine.ts";
import { CutDisk } from "../support/cut-disk.ts";
import type { Story } from "../support/matrix.ts";

/** Whoever sent it sends again what was not taken, under the same id. */
export const life =
  (course: Course): Story =>
  () => {
    const disk = new CutDisk(heldFolders);
    const machine = new HeldMachine(course, disk);
    return {
      arm: (way, at) => disk.arm(way, at),
      restart: () => disk.restart(),
      act: () => machine.live({ mayFail: true }),
      recover: () => machine.live(),
      check: (context) => machine.expectEnded(context),
      count: () => ({ changes: disk.calls, ops: disk.ops }),
    };
  };
