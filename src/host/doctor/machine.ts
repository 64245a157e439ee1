/** Space, memory, load and how the data volume is mounted. */
import fs from "node:fs";
import os from "node:os";
import * as paths from "../paths.ts";
import { bad, type Finding, fine } from "./check.ts";

const round = (value: number): number => Math.round(value * 10) / 10;

export function checkSpace(leastPct: number): Finding[] {
  if (!fs.existsSync(paths.root))
    return [bad("disk space", `${paths.root} does not exist`, "con bootstrap", "critical")];
  const stat = fs.statfsSync(paths.root);
  const bytes = round((100 * stat.bavail) / Math.max(stat.blocks, 1));
  // Some file systems have no fixed number of inodes and say 0.
  const inodes = stat.files === 0 ? 100 : round((100 * stat.ffree) / stat.files);
  return [share("disk space", bytes, leastPct), share("inodes", inodes, leastPct)];
}

function share(name: string, free: number, least: number): Finding {
  const found = `${free} % free of ${paths.root}, at least ${least} % wanted`;
  if (free >= least) return fine(name, found);
  return bad(name, found, `free some: du -xh --max-depth=3 ${paths.root} | sort -h | tail`);
}

export function checkMemory(leastPct: number): Finding {
  const text = fs.readFileSync("/proc/meminfo", "utf8");
  const kib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  const free = round((100 * kib("MemAvailable")) / Math.max(kib("MemTotal"), 1));
  const found = `${free} % available, at least ${leastPct} % wanted`;
  return free >= leastPct
    ? fine("memory", found)
    : bad("memory", found, "see con top; lower limits: memory: of big agents", "medium");
}

export function checkLoad(most: number): Finding {
  const factor = round((os.loadavg()[1] ?? 0) / Math.max(os.cpus().length, 1));
  const found = `${factor} per core over 5 minutes, at most ${most} wanted`;
  const remedy = "see which agents work: con status";
  return factor <= most ? fine("load", found) : bad("load", found, remedy, "medium");
}

/** Units cannot forbid set-user-id bits (docs/decisions/0002); a mount option makes them void. */
export function checkMount(): Finding {
  const lines = fs.readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const line = lines.findLast((one) => one.split(" ")[4] === paths.root);
  const remedy = "make /srv/con a mount of its own; con-bootstrap.service then adds nosuid,nodev";
  if (line === undefined) return bad("data volume", `${paths.root} is no mount`, remedy, "medium");
  const options = line.split(" ")[5]?.split(",") ?? [];
  const missing = ["nosuid", "nodev"].filter((option) => !options.includes(option));
  if (missing.length === 0) return fine("data volume", `${paths.root} is mounted nosuid,nodev`);
  const again = "systemctl start con-bootstrap.service";
  return bad(
    "data volume",
    `${paths.root} is mounted without ${missing.join(",")}`,
    again,
    "medium",
  );
}
