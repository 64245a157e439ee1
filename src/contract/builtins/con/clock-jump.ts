/**
 * `clock_jump {max_s}`: the wall clock against the time since boot, between two evaluations; and a clock that
 * is behind the build of con or behind con's own history.
 *
 * A jump is reported once: what the clock says afterwards is remembered as right. Another boot starts anew,
 * because only the two other signs know what the time was before.
 */
import fs from "node:fs";
import type { BuiltinCheck } from "../../types.ts";
import type { Places } from "./places.ts";
import { duration, judge, numberIn, type Trouble } from "./verdicts.ts";

/** Builders and machines need not agree on the hour. */
const buildSlackMs = 24 * 3_600_000;

interface Memory {
  readonly boot: string;
  /** Wall clock less time since boot, milliseconds. */
  readonly offset: number;
}

const remedy = "timedatectl; set the clock (timedatectl set-time, or let a time service do it)";

export const clockJump =
  (places: Places): BuiltinCheck =>
  async (args, { now, memory, remember }) => {
    const maxMs = numberIn(args, "max_s") * 1000;
    const boot = places.bootId();
    const wall = now();
    const offset = wall - places.uptime() * 1000;
    const last = memory as Memory | null;
    remember({ boot, offset } satisfies Memory);
    const moved = last?.boot === boot ? offset - last.offset : 0;
    return judge(
      [
        ...(Math.abs(moved) > maxMs ? [jump(moved)] : []),
        ...behind(places.program, wall + buildSlackMs, "the build of con", "build"),
        ...behind(places.history, wall + maxMs, "con's latest history entry", "history"),
      ],
      "the clock runs evenly",
    );
  };

const jump = (moved: number): Trouble => ({
  found: `the clock was set ${moved > 0 ? "forward" : "back"} by ${duration(Math.abs(moved))}`,
  key: `clock:${moved > 0 ? "forward" : "back"}`,
  remedy: `${remedy}; schedules and retry times may have come early or late`,
});

function behind(path: string, latest: number, what: string, key: string): Trouble[] {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.mtimeMs <= latest) return [];
  const found = `the clock is before ${what} (${stat.mtime.toISOString()})`;
  return [{ found, key: `clock:${key}`, remedy }];
}
