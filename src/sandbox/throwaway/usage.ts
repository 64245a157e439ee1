/** What a run has used, as the kernel counts it. Never: throws because a counter is not there; then it is not known. */
import fs from "node:fs";
import { errnoOf } from "../../system/disk.ts";

/** USER_HZ: what /proc counts in, on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** CPU time of the children that were waited for, and of theirs: proc(5), fields 16 and 17. */
export function childCpuMs(): number | null {
  const stat = read("/proc/self/stat");
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[13]) + Number(fields[14]);
  return Number.isFinite(ticks) ? Math.round((ticks * 1000) / ticksPerSecond) : null;
}

export interface MemoryUse {
  readonly bytes: number | null;
  readonly outOfMemory: boolean;
}

/** Of the unit's control group, whose name differs between the two versions of control groups. */
export function memoryUse(): MemoryUse {
  const group = memoryGroup(read("/proc/self/cgroup") ?? "");
  if (group === null) return { bytes: null, outOfMemory: false };
  const peak = read(`${group}/memory.peak`) ?? read(`${group}/memory.max_usage_in_bytes`);
  const events = read(`${group}/memory.events`) ?? read(`${group}/memory.oom_control`) ?? "";
  const bytes = peak === null ? Number.NaN : Number(peak);
  return {
    bytes: Number.isSafeInteger(bytes) ? bytes : null,
    outOfMemory: /^oom_kill [1-9]/m.test(events),
  };
}

/** The directory of the group that counts memory. Pure. */
export function memoryGroup(text: string): string | null {
  const lines = text.split("\n").map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line));
  const named = (controller: string) =>
    lines.find((line) => line?.[1]?.split(",").includes(controller))?.[2];
  const [old, unified] = [named("memory"), named("")];
  if (old !== undefined) return `/sys/fs/cgroup/memory${old}`;
  return unified === undefined ? null : `/sys/fs/cgroup${unified}`;
}

function read(path: string): string | null {
  try {
    return fs.readFileSync(path, "utf8").trim();
  } catch (error) {
    const unknown = ["ENOENT", "EACCES", "ENODEV", "EOPNOTSUPP", "ENOTDIR"];
    if (!unknown.includes(errnoOf(error) ?? "")) throw error;
    return null;
  }
}
