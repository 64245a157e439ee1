/**
 * The escape canary: tries, as an agent and in a unit like its own, what must not be possible, and prints which
 * errno stood in the way of each. Decides nothing; `canary-plan.ts` does.
 *
 * Each attempt stops where it has succeeded: files are opened and not written, names that could be made are
 * removed, processes get signal 0. Never: attempts anything when it runs as root. Other processes of the same
 * user may not trace it, or they could write its report: its unit gives it a capability that they lack, and it
 * makes itself undumpable besides (PR_SET_DUMPABLE). They can stop or kill it: then there is no report.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs, { constants } from "node:fs";
import net from "node:net";
import { arch, constants as system } from "node:os";
import { join } from "node:path";
import { errnoOf } from "../../../system/disk.ts";
import type { Attempt, Plan, Report } from "./canary-plan.ts";

const connectMs = 1_500;
const setDumpable = 4;

/** System call numbers that libc has no function for. */
const numbers: Readonly<Record<string, { readonly getpid: number; readonly finitModule: number }>> =
  { x64: { getpid: 39, finitModule: 313 }, arm64: { getpid: 172, finitModule: 273 } };

interface Libc {
  /** Each returns the name of the errno, or null where the call succeeded. */
  readonly trace: (pid: number) => string | null;
  readonly socket: (family: number, type: number, protocol: number) => string | null;
  readonly mount: (path: string) => string | null;
  readonly module: () => string | null;
  /** Whether system calls by number are what we take them for. */
  readonly works: () => boolean;
}

const family = { inet: 2, packet: 17 } as const;
const rawSocket = 3;
const icmp = 1;
const seize = 0x4206;
const detachMount = 2;

async function openLibc(): Promise<Libc | null> {
  const number = numbers[arch()];
  if (number === undefined) return null;
  const { default: koffi } = await import("koffi");
  const lib = koffi.load("libc.so.6");
  const prctl = lib.func("int prctl(int option, ulong a, ulong b, ulong c, ulong d)");
  const ptrace = lib.func("long ptrace(long request, int pid, void *address, void *data)");
  const socket = lib.func("int socket(int family, int type, int protocol)");
  const mount = lib.func(
    "int mount(const char *source, const char *target, const char *type, ulong flags, void *data)",
  );
  const umount = lib.func("int umount2(const char *target, int flags)");
  const syscall = lib.func("long syscall(long number, long a, const char *b, long c)");
  const outcome = (result: number): string | null => (result < 0 ? nameOf(koffi.errno()) : null);
  prctl(setDumpable, 0, 0, 0, 0);
  return {
    trace: (pid) => outcome(ptrace(seize, pid, null, null)),
    socket: (...which) => {
      const fd: number = socket(...which);
      const code = outcome(fd);
      if (code === null) fs.closeSync(fd);
      return code;
    },
    mount: (path) => {
      const code = outcome(mount("none", path, "tmpfs", 0, null));
      if (code === null) umount(path, detachMount);
      return code;
    },
    module: () => outcome(syscall(number.finitModule, -1, "", 0)),
    works: () => Number(syscall(number.getpid, 0, "", 0)) === process.pid,
  };
}

const nameOf = (number: number): string =>
  Object.entries(system.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;

/** Carries out `plan` as whoever runs this. */
export async function attemptAll(plan: Plan): Promise<Report> {
  const uid = process.geteuid?.() ?? -1;
  const failed = (control: string): Report => ({ uid, control, results: [] });
  if (uid === 0) return failed("it runs as root");
  const libc = await openLibc();
  if (libc === null || !libc.works()) return failed(`system calls of ${arch()} are not known`);
  const control = controlOf(plan);
  if (control !== null) return failed(control);
  const results: { id: string; code: string | null }[] = [];
  for (const attempt of plan.attempts)
    results.push({ id: attempt.id, code: await codeOf(attempt, libc) });
  return { uid, control: null, results };
}

/** What must work: its own workspace, and seeing what an ordinary program is started with. */
function controlOf({ workspace }: Plan): string | null {
  const made = codeOfCall(() => create(workspace));
  if (made !== null) return `it cannot write its own workspace (${made})`;
  return startedWith("/bin/true") === "as itself" ? null : "it cannot start a program";
}

async function codeOf(attempt: Attempt, libc: Libc): Promise<string | null> {
  switch (attempt.kind) {
    case "list":
      return codeOfCall(() => fs.opendirSync(attempt.path).closeSync());
    case "read":
      return codeOfCall(() => open(attempt.path, constants.O_RDONLY));
    case "append":
      return codeOfCall(() => open(attempt.path, constants.O_WRONLY | constants.O_APPEND));
    case "create":
      return codeOfCall(() => create(attempt.path));
    case "signal":
      return codeOfCall(() => process.kill(attempt.pid, 0));
    case "trace":
      return libc.trace(attempt.pid);
    case "raw-socket":
      return libc.socket(family.inet, rawSocket, icmp);
    case "packet-socket":
      return libc.socket(family.packet, rawSocket, 0);
    case "connect":
      return connect(attempt.port);
    case "become-root":
      return codeOfCall(() => process.setuid?.(0));
    case "setuid-program":
      return startedWith(attempt.path) === "as itself" ? "EPERM" : null;
    case "mount":
      return libc.mount(attempt.path);
    case "module":
      return libc.module();
  }
}

function codeOfCall(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    const code = errnoOf(error);
    if (code === null) throw error;
    return code;
  }
}

/** Only opened: a violation that is found must not be one that does harm. */
function open(path: string, flags: number): void {
  fs.closeSync(fs.openSync(path, flags | constants.O_NONBLOCK | constants.O_NOFOLLOW));
}

function create(directory: string): void {
  const path = join(directory, `.con-canary-${randomBytes(8).toString("hex")}`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  fs.closeSync(fs.openSync(path, flags, 0o600));
  fs.unlinkSync(path);
}

/**
 * ld.so shows the vector that the kernel started a program with, unless the program got more rights than its
 * caller has (ld.so(8), secure-execution mode): then it stays silent about it.
 */
function startedWith(path: string): "as itself" | "otherwise" {
  const { stdout } = spawnSync(path, [], {
    env: { LD_SHOW_AUXV: "1", PATH: "/usr/bin:/bin" },
    stdio: ["ignore", "pipe", "ignore"],
    encoding: "utf8",
    timeout: 5_000,
  });
  const euid = /^AT_EUID:\s*(\d+)$/m.exec(stdout ?? "")?.[1];
  return euid === String(process.geteuid?.()) ? "as itself" : "otherwise";
}

function connect(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port, family: 4 });
    const end = (code: string | null): void => {
      socket.destroy();
      resolve(code);
    };
    socket.setTimeout(connectMs, () => end("ETIMEDOUT"));
    socket.once("connect", () => end(null));
    socket.once("error", (error) => end(errnoOf(error) ?? "an error"));
  });
}
