/**
 * What bwrap tells about the sandbox that it made, and when nothing of it is left.
 *
 * Never: kills; signals no pid that was only read from a file.
 */
import fs from "node:fs";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

export interface Status {
  /** Host pid of the namespace's first process, or null when it never came to be. */
  readonly firstProcess: () => number | null;
  readonly finished: () => boolean;
}

/** bwrap writes `{"child-pid": N, …}` before and `{"exit-code": N}` after the program. */
export function readStatus(stream: Readable | null): Status {
  let text = "";
  stream?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  return {
    firstProcess() {
      const found = /"child-pid":\s*(\d+)/.exec(text);
      return found === null ? null : Number(found[1]);
    },
    finished: () => /"exit-code":\s*\d+/.test(text),
  };
}

/**
 * Waits for the namespace's first process. The kernel lets it become a zombie only after every
 * other process of the namespace was reaped (pid_namespaces(7)).
 */
export async function gone(pid: number | null): Promise<void> {
  if (pid === null) return;
  const born = birthOf(pid);
  while (born !== null && birthOf(pid) === born) await sleep(1);
}

/** Start time of a living process; null for a zombie and for none. */
function birthOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return null;
    throw error;
  }
}
