/**
 * How a check is started, as argv: as `con-check` in bubblewrap, or as root in a transient unit. Pure.
 *
 * Inside the sandbox the machine is seen as an unprivileged user sees it, read-only, with a /tmp and
 * processes of its own. docs/decisions/0002-unit-hardening.md says what breaks bubblewrap.
 */
import { checkUser } from "../../host/ids.ts";
import { type Mode, wrapperText } from "./wrapper.ts";

/** Descriptor on which bwrap tells the first process of the sandbox. */
export const statusFd = 3;

const scratchBytes = 32 << 20;
/** Below the scratch space: a flood ends with a signal and not with a text that was cut. */
const fileBytes = 16 << 20;
const maxProcesses = 64;

export interface Program {
  readonly mode: Mode;
  /** Shell text of `run` and `test`, empty where there is none. */
  readonly run: string;
  readonly test: string;
}

const shell = (text: string, { mode, run, test }: Program): string[] => [
  "/bin/sh",
  "-c",
  text,
  "con-check",
  mode,
  run,
  test,
];

/** Execs what follows. */
const asCheckUser: readonly string[] = [
  "setpriv",
  `--reuid=${checkUser.name}`,
  `--regid=${checkUser.name}`,
  "--clear-groups",
  "--inh-caps=-all",
  "--ambient-caps=-all",
  "--bounding-set=-all",
  "--no-new-privs",
  "--",
];

const sandbox: readonly string[] = [
  "bwrap",
  "--unshare-all",
  "--share-net",
  "--die-with-parent",
  "--new-session",
  "--cap-drop",
  "ALL",
  "--json-status-fd",
  String(statusFd),
  "--ro-bind",
  "/",
  "/",
  "--dev",
  "/dev",
  "--proc",
  "/proc",
  "--size",
  String(scratchBytes),
  "--tmpfs",
  "/tmp",
  "--remount-ro",
  "/dev",
  "--chdir",
  "/",
  "--",
];

const addressSpaceKib = 2 << 20;
/** The unit of `ulimit -f` in a POSIX shell. */
const block = 512;

/**
 * Limits of each process in the sandbox, set by the shell itself: prlimit(1) and choom(1) would be two
 * programs more for each check. Processes are -p in dash and busybox, -u in bash. The kernel short of
 * memory takes the check before the evaluator.
 */
const limitText = `{ ulimit -v ${addressSpaceKib} && ulimit -f ${fileBytes / block} && ulimit -c 0 &&
{ ulimit -p ${maxProcesses} 2>/dev/null || ulimit -u ${maxProcesses}; } &&
echo 1000 >/proc/self/oom_score_adj; } || exit 70`;

export const sandboxArguments = (program: Program): string[] => [
  ...asCheckUser,
  ...sandbox,
  ...shell(`${limitText}${wrapperText}`, program),
];

/** `id` is hexadecimal and new for each run. */
export const unitName = (id: string): string => `con-check-${id}.service`;

/** The unit ends by itself a little after the deadline, also when we are gone by then. */
export function unitArguments(
  unit: string,
  program: Program,
  environment: Readonly<Record<string, string>>,
  timeoutSeconds: number,
): string[] {
  const properties = [
    `RuntimeMaxSec=${Math.ceil(timeoutSeconds) + 5}`,
    "KillMode=control-group",
    "KillSignal=SIGKILL",
    "TimeoutStopSec=5",
    `TasksMax=${maxProcesses}`,
    "MemoryMax=512M",
    "MemorySwapMax=0",
    "OOMScoreAdjust=1000",
    "NoNewPrivileges=yes",
    "UMask=0077",
    "LimitCORE=0",
    `LimitFSIZE=${fileBytes}`,
    // A /tmp that no agent can have put anything in.
    `TemporaryFileSystem=/tmp:size=${scratchBytes},mode=0700 /var/tmp:size=${scratchBytes},mode=0700`,
    // PID 1 notes each start at level info: a check each minute is no news.
    "LogLevelMax=notice",
    "WorkingDirectory=/",
  ];
  return [
    "systemd-run",
    "--wait",
    "--pipe",
    "--collect",
    "--quiet",
    // Else systemd would put its own variables into the shell text.
    "--expand-environment=no",
    `--unit=${unit}`,
    "--description=A check of a con contract",
    ...properties.map((property) => `--property=${property}`),
    ...Object.entries(environment).map(([name, value]) => `--setenv=${name}=${value}`),
    "--",
    ...shell(wrapperText, program),
  ];
}
