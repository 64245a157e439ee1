/** Ends every process of an agent's uid, wherever it is. Never: signals a uid that is no agent's. */
import { readdirSync, readFileSync } from "node:fs";
import { inAgentRange } from "../host/ids.ts";
import { errnoOf } from "../system/disk.ts";

/** More than that means that something makes them faster than we look. */
const maxRounds = 20;

/** Rounds, because a process may have forked while the others were counted. */
export function killStrays(uid: number): number {
  if (!inAgentRange(uid)) throw new RangeError(`uid ${uid} is no agent's`);
  const killed = new Set<number>();
  for (let round = 0; round < maxRounds; round += 1) {
    const pids = processesOf(uid);
    if (pids.length === 0) break;
    for (const pid of pids) if (signal(pid)) killed.add(pid);
  }
  return killed.size;
}

function signal(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false;
    throw error;
  }
}

/** Real, effective, saved or file system uid; dead ones that nobody waited for are left out. */
function processesOf(uid: number): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const status = statusOf(name);
    const uids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
    const isDead = /^State:\s+[ZX]/m.test(status);
    return !isDead && uids.includes(String(uid)) ? [Number(name)] : [];
  });
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes(errnoOf(error) ?? "")) return "";
    throw error;
  }
}
