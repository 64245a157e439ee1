/** Is the time right, as far as a machine can tell by itself? */
import fs from "node:fs";
import { exec } from "../../system/exec.ts";
import { bad, type Finding, fine } from "./check.ts";

const name = "clock";
/** Builders and machines need not agree on the hour. */
const slackMs = 24 * 3_600_000;

export interface ClockFacts {
  readonly now: number;
  /** When con was built, epoch milliseconds; null where that is not known. */
  readonly built: number | null;
  readonly container: boolean;
  /** What `timedatectl show` prints; null where there is none. */
  readonly timedate: string | null;
}

export async function checkClock(): Promise<Finding> {
  const program = fs.lstatSync("/usr/lib/con/con.mjs", { throwIfNoEntry: false });
  const shown = await exec(["timedatectl", "show"]);
  return judgeClock({
    now: Date.now(),
    built: program?.mtimeMs ?? null,
    container: fs.existsSync("/run/systemd/container"),
    timedate: shown.code === 0 ? shown.stdout : null,
  });
}

export function judgeClock({ now, built, container, timedate }: ClockFacts): Finding {
  const time = new Date(now).toISOString();
  const set = "timedatectl set-ntp true; or timedatectl set-time 'YYYY-MM-DD hh:mm:ss'";
  if (built !== null && now < built - slackMs) {
    const found = `${time} is before con was built (${new Date(built).toISOString()})`;
    return bad(name, found, container ? `on the host: ${set}` : set);
  }
  if (timedate !== null && /^NTPSynchronized=yes$/m.test(timedate))
    return fine(name, `${time}, synchronised`);
  if (container) return fine(name, `${time}; the host keeps it`);
  if (timedate === null)
    return bad(
      name,
      `${time}; whether it is synchronised is unknown`,
      "install systemd-timesyncd",
      "low",
    );
  return bad(name, `${time}, not synchronised`, "timedatectl set-ntp true", "medium");
}
