/**
 * Starts a program inside the sandbox, with limits, and kills what is in it. Never: passes on our environment or
 * descriptors; waits for anything. After a crash of ours the kernel kills the sandbox (--die-with-parent).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { bwrapArguments, type SandboxPolicy } from "./bwrap.ts";
import { withoutLinks } from "./grants.ts";
import { type Limits, limitArguments } from "./limits.ts";

export type Isolation =
  | { readonly kind: "bwrap"; readonly policy: SandboxPolicy }
  /** `con dev` only: a process group, nothing hidden, no survivor caught that left the group. */
  | { readonly kind: "none"; readonly workspace: string };

export interface ExecuteOptions {
  readonly isolation: Isolation;
  readonly limits: Limits;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Started {
  readonly argv: readonly string[];
  /** Processor time of each of its processes is bounded by a multiple of it. */
  readonly seconds: number;
  /** Further variables of this program alone. */
  readonly environment: Readonly<Record<string, string>> | undefined;
  /** It has a standard input, a pipe. */
  readonly hasInput: boolean;
}

/** Where bwrap tells what it made, see namespace.ts. */
export const sandboxStatusFd = 3;

/**
 * Each of these execs what follows, so one process carries all settings into the program. The unit
 * gives the runner an ambient capability (CAP_LEASE); bwrap refuses to start with any.
 */
const prepare = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all", "--"];
const killFirst = ["choom", "-n", "1000", "--"];

export function startInside(
  { isolation, limits, environment }: ExecuteOptions,
  { argv, seconds, environment: own, hasInput }: Started,
): ChildProcess {
  const isBwrap = isolation.kind === "bwrap";
  const sandbox = isBwrap
    ? ["bwrap", ...bwrapArguments(withoutLinks(isolation.policy), sandboxStatusFd), "--"]
    : [];
  const limited = [...limitArguments(limits, seconds), ...argv];
  const [program = "", ...args] = [...prepare, ...killFirst, ...sandbox, ...limited];
  return spawn(program, args, {
    cwd: isBwrap ? "/" : isolation.workspace,
    env: { ...environment, ...own },
    detached: !isBwrap,
    stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe", isBwrap ? "pipe" : "ignore"],
  });
}

/** Kills bwrap, and with it the namespace; without a sandbox, the process group. */
export function killIn(child: ChildProcess, isolation: Isolation["kind"]): void {
  if (child.pid === undefined) return;
  try {
    if (isolation === "none") process.kill(-child.pid, "SIGKILL");
    else child.kill("SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
