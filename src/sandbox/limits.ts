/** Limits of every process of a tool call, as arguments of prlimit(1). Pure. */

export interface Limits {
  /** Address space of one process. The unit's MemoryMax bounds all of them together. */
  readonly memoryBytes: number;
  /** Processes and threads of one call: RLIMIT_NPROC counts per user namespace (kernel ≥ 5.14). */
  readonly maxProcesses: number;
  /** Largest file that a process may write. */
  readonly fileBytes: number;
}

/** All processors of a machine may work on one call, so CPU time may exceed the wall clock. */
const processors = 8;

export function limitArguments(limits: Limits, timeoutSeconds: number): string[] {
  return [
    "prlimit",
    `--as=${limits.memoryBytes}`,
    `--nproc=${limits.maxProcesses}`,
    `--fsize=${limits.fileBytes}`,
    `--cpu=${Math.ceil(timeoutSeconds) * processors}`,
    "--core=0",
    "--",
  ];
}
