/**
 * What agents' units use, as the kernel counts it in their control groups. Reads only, starts no process.
 *
 * Both versions of control groups; a unit that does not run has none. Never: throws because a counter is not there.
 */
import fs from "node:fs";
import { errnoOf } from "../../system/disk.ts";

/** Text of a file of the kernel's, or null where there is none to read. */
export type ReadText = (path: string) => string | null;

export interface Meter {
  readonly cpu_usec: number | null;
  readonly memory_bytes: number | null;
}

/** A directory for each of both, which holds the groups of all slices. */
interface Roots {
  readonly cpu: readonly string[];
  readonly memory: readonly string[];
}

const top = "/sys/fs/cgroup";

/** From /proc/1/cgroup: where PID 1 has its units. Pure. */
export function rootsIn(text: string): Roots {
  const lines = text.split("\n").flatMap((line) => {
    const [, names, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    // Outside of our namespace of control groups there is no way to say where it is.
    if (names === undefined || path === undefined || path.startsWith("/..")) return [];
    return [{ names, base: path.replace(/\/init\.scope$/, "").replace(/\/$/, "") }];
  });
  const of = (controller: string): string[] =>
    lines.flatMap(({ names, base }) => {
      if (names === "") return [`${top}${base}`, `${top}/unified${base}`];
      return names.split(",").includes(controller) ? [`${top}/${names}${base}`] : [];
    });
  return { cpu: of("cpuacct"), memory: of("memory") };
}

/** Asked once a turn: PID 1 does not move, but the file is small. */
export function createMeters(read: ReadText = readKernel): (name: string) => Meter {
  const roots = rootsIn(read("/proc/1/cgroup") ?? "");
  return (name) => {
    const first = <T>(bases: readonly string[], take: (group: string) => T | null): T | null => {
      for (const base of bases) {
        const found = take(`${base}/system.slice/system-con.slice/con@${name}.service`);
        if (found !== null) return found;
      }
      return null;
    };
    return {
      cpu_usec: first(roots.cpu, (group) => cpuOf(read, group)),
      memory_bytes: first(roots.memory, (group) => memoryOf(read, group)),
    };
  };
}

function cpuOf(read: ReadText, group: string): number | null {
  const usec = numberIn(/^usage_usec (\d+)$/m.exec(read(`${group}/cpu.stat`) ?? "")?.[1]);
  if (usec !== null) return usec;
  const nanoseconds = numberIn(read(`${group}/cpuacct.usage`)?.trim());
  return nanoseconds === null ? null : Math.round(nanoseconds / 1000);
}

const memoryOf = (read: ReadText, group: string): number | null =>
  numberIn(read(`${group}/memory.current`)?.trim()) ??
  numberIn(read(`${group}/memory.usage_in_bytes`)?.trim());

const numberIn = (text: string | undefined): number | null =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : null;

const notThere = ["ENOENT", "ENOTDIR", "ENODEV", "EACCES", "EPERM", "EOPNOTSUPP"];

function readKernel(path: string): string | null {
  try {
    return fs.readFileSync(path, "utf8");
  } catch (error) {
    if (!notThere.includes(errnoOf(error) ?? "")) throw error;
    return null;
  }
}
