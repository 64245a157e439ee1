/** `disk_free`, `memory_free`, `load`: what the machine has left. Reads; `Sources` are the kernel's files. */
import fs from "node:fs";
import { availableParallelism } from "node:os";
import { errnoOf } from "../../../system/disk.ts";
import type { BuiltinCheck, Verdict } from "../../types.ts";
import { judge, numberIn, type Trouble, textIn, unable } from "../con/verdicts.ts";
import { look } from "../generic/look.ts";

/** Tests have their own. */
export interface Sources {
  /** Root of /proc and /sys, empty on a real machine. */
  readonly prefix: string;
  readonly statfs: (path: string) => Promise<fs.StatsFs>;
  readonly cores: () => number;
}

export const machine: Sources = {
  prefix: "",
  statfs: (path) => fs.promises.statfs(path),
  cores: availableParallelism,
};

const round = (value: number): number => Math.round(value * 10) / 10;
const gibibytes = (bytes: number): number => round(bytes / 2 ** 30);

/** Bytes and inodes that ordinary users can still have. */
export const diskFree =
  (sources: Sources): BuiltinCheck =>
  async (args) => {
    const path = textIn(args, "path");
    const least = numberIn(args, "min_pct");
    const there = look(path, () => true);
    if (there.kind === "refused") return unable(there.why);
    if (there.kind === "missing") return unable(`${path} does not exist`);
    const stat = await sources.statfs(path);
    const bytes = round((100 * stat.bavail) / Math.max(stat.blocks, 1));
    // Some file systems have no fixed number of inodes and say 0.
    const inodes = stat.files === 0 ? 100 : round((100 * stat.ffree) / stat.files);
    const left = `${gibibytes(stat.bavail * stat.bsize)} GiB`;
    const remedy = `free some: du -xh --max-depth=3 ${path} | sort -h | tail`;
    const troubles: Trouble[] = [
      ...lacks(`of ${path} free (${left})`, "space", bytes, least, remedy),
      ...lacks(`of the inodes of ${path} free`, "inodes", inodes, least, inodeRemedy(path)),
    ];
    const fine = `${bytes} % of ${path} free (${left}), ${inodes} % of its inodes`;
    return judge(troubles, `${fine}; at least ${least} % wanted`);
  };

const inodeRemedy = (path: string): string =>
  `remove small files: du -x --inodes --max-depth=3 ${path} | sort -n | tail`;

function lacks(what: string, key: string, free: number, least: number, remedy: string): Trouble[] {
  if (free >= least) return [];
  return [{ found: `${free} % ${what}, at least ${least} % wanted`, key: `low ${key}`, remedy }];
}

/** Of the machine, or of the container where that has less. */
export const memoryFree =
  (sources: Sources): BuiltinCheck =>
  async (args) => {
    const least = numberIn(args, "min_pct");
    const whole = machineMemory(sources);
    if (whole === null) return unable("/proc/meminfo does not say how much memory is available");
    const memory = tighter(whole, groupMemory(sources));
    const free = round((100 * memory.available) / memory.total);
    const found = `${free} % of ${gibibytes(memory.total)} GiB of memory available${memory.of}`;
    const said = `${found}, at least ${least} % wanted`;
    const remedy = "see who uses it: systemd-cgtop -m -n 1; then con agent pause NAME";
    return judge(free >= least ? [] : [{ found: said, key: "low memory", remedy }], said);
  };

interface Memory {
  readonly total: number;
  readonly available: number;
  readonly of: string;
}

function machineMemory({ prefix }: Sources): Memory | null {
  const text = fs.readFileSync(`${prefix}/proc/meminfo`, "utf8");
  const bytes = (key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN) * 1024;
  const total = bytes("MemTotal");
  const available = bytes("MemAvailable");
  return total > 0 && available >= 0 ? { total, available, of: "" } : null;
}

const tighter = (whole: Memory, group: Memory | null): Memory =>
  group !== null && group.total < whole.total && group.available < whole.available ? group : whole;

/** The limit of the control group at the top of what is seen here, in both versions of the kernel's. */
function groupMemory({ prefix }: Sources): Memory | null {
  const v2 = `${prefix}/sys/fs/cgroup`;
  const v1 = `${v2}/memory`;
  const total = numberOf(`${v2}/memory.max`) ?? numberOf(`${v1}/memory.limit_in_bytes`);
  const used = numberOf(`${v2}/memory.current`) ?? numberOf(`${v1}/memory.usage_in_bytes`);
  if (total === null || used === null || total === 0) return null;
  const stat = readOrNull(`${v2}/memory.stat`) ?? readOrNull(`${v1}/memory.stat`) ?? "";
  // Cache that is not in use is given back when asked for.
  const cache = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
  const available = Math.min(total, Math.max(0, total - used + cache));
  return { total, available, of: " in this container" };
}

function numberOf(path: string): number | null {
  const text = readOrNull(path)?.trim();
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

function readOrNull(path: string): string | null {
  try {
    return fs.readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return null;
  }
}

/** Over one minute, per core that this process may use. */
export const load =
  (sources: Sources): BuiltinCheck =>
  async (args): Promise<Verdict> => {
    const most = numberIn(args, "max_factor");
    const text = fs.readFileSync(`${sources.prefix}/proc/loadavg`, "utf8");
    const average = Number(text.split(" ")[0]);
    if (!Number.isFinite(average)) return unable("/proc/loadavg does not say the load");
    const cores = sources.cores();
    const factor = Math.round((100 * average) / cores) / 100;
    const found = `load ${average} on ${cores} cores is ${factor} per core, at most ${most} wanted`;
    const remedy = "see who works: systemd-cgtop -n 1; then con agent pause NAME";
    return judge(factor <= most ? [] : [{ found, key: "high load", remedy }], found);
  };
