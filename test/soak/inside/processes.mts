/** What /proc says about the processes of the container. Imported by the programs beside it. */
import fs from "node:fs";

export interface Process {
  readonly pid: number;
  /** `con@`, `con-gateway`, … or `init`, `systemd-journald`, …; `other` for what came by nsenter. */
  readonly unit: string;
  readonly command: string;
}

/** The process may have ended meanwhile. */
function read(path: string): string | null {
  try {
    return fs.readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (["ENOENT", "ESRCH", "EACCES"].includes(code)) return null;
    throw error;
  }
}

function unitOf(cgroup: string): string {
  const path = /^1:name=systemd:(.*)$/m.exec(cgroup)?.[1] ?? /^0::(.*)$/m.exec(cgroup)?.[1] ?? "";
  const name = /\/([^/]+)\.(?:service|socket)(?:\/|$)/.exec(path)?.[1];
  if (name !== undefined) return name.replace(/@.*/, "@");
  return path.endsWith("init.scope") ? "init" : "other";
}

export function processes(): Process[] {
  const pids = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const cgroup = read(`/proc/${pid}/cgroup`);
    const command = read(`/proc/${pid}/comm`);
    if (cgroup === null || command === null) return [];
    return [{ pid: Number(pid), unit: unitOf(cgroup), command: command.trim() }];
  });
}

export interface Use {
  readonly rss: number;
  readonly pss: number;
  /** Of it: no file behind, so what a leak is made of. */
  readonly anon: number;
  readonly descriptors: number;
}

/** In KiB. Null for what is gone, or has no memory of its own. */
export function useOf({ pid }: Process): Use | null {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  if (rollup === null || rollup === "") return null;
  const kib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0);
  try {
    const descriptors = fs.readdirSync(`/proc/${pid}/fd`).length;
    return { rss: kib("Rss"), pss: kib("Pss"), anon: kib("Pss_Anon"), descriptors };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
