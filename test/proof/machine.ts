/** What a run was made on: the machine, and the state of the tree. */
import { spawnSync } from "node:child_process";
import os from "node:os";

export function machine(): Readonly<Record<string, string | number>> {
  const cpus = os.cpus();
  return {
    cpus: cpus.length,
    processor: cpus[0]?.model ?? "unknown",
    memory_gib: Math.round(os.totalmem() / 2 ** 30),
    kernel: os.release(),
    node: process.version,
  };
}

/** Where git does not answer, e.g. in an unpacked archive, the commit is `unknown` and nothing is clean. */
export function commitOf(directory: string): { commit: string; clean: boolean } {
  const commit = git(directory, "rev-parse", "HEAD");
  const changes = git(directory, "status", "--porcelain", "--", ":!docs/proof.md");
  return { commit: commit?.slice(0, 12) ?? "unknown", clean: commit !== null && changes === "" };
}

function git(directory: string, ...args: string[]): string | null {
  const { status, stdout } = spawnSync("git", ["-C", directory, ...args], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}
