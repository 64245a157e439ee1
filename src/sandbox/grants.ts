/** Looks at granted directories just before they are bound. Never: follows a link to find one. */
import fs from "node:fs";
import type { SandboxPolicy } from "./bwrap.ts";

/**
 * A granted directory that somebody with rights above it has replaced by a link would bind what the
 * link names, e.g. our own state. Such a grant is left out.
 */
export function withoutLinks(policy: SandboxPolicy): SandboxPolicy {
  const plain = (paths: readonly string[]) => paths.filter(isRealPath);
  return { ...policy, readOnly: plain(policy.readOnly), readWrite: plain(policy.readWrite) };
}

function isRealPath(path: string): boolean {
  try {
    return fs.realpathSync.native(path) === path;
  } catch (error) {
    const unreachable = ["ENOENT", "ENOTDIR", "EACCES", "ELOOP"];
    if (unreachable.includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}
