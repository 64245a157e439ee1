/** System calls that Node has no function for, by way of libc. A failed one throws like those of `fs`. */
import { createRequire } from "node:module";
import { arch, constants } from "node:os";

type Word = number | Uint8Array | null;

interface Koffi {
  load(path: string): { func(declaration: string): (...args: unknown[]) => number | bigint };
  errno(): number;
}

/** con ships it for its own needs, where every agent may read it. */
const koffi = createRequire("/usr/lib/con/con.mjs")("koffi") as Koffi;
const call = koffi.load("libc.so.6").func("long syscall(long number, ...)");

const numbers = {
  x64: {
    fcntl: 72,
    mount: 165,
    umount2: 166,
    setns: 308,
    chroot: 161,
    unshare: 272,
    bpf: 321,
    perf_event_open: 298,
    userfaultfd: 323,
    io_uring_setup: 425,
    personality: 135,
    ptrace: 101,
    process_vm_readv: 310,
    pidfd_open: 434,
    pidfd_getfd: 438,
    setpriority: 141,
    sched_setaffinity: 203,
    sched_setscheduler: 144,
    sethostname: 170,
    socket: 41,
    mknodat: 259,
    setxattr: 188,
    name_to_handle_at: 303,
    open_by_handle_at: 304,
    syslog: 103,
  },
  arm64: {
    fcntl: 25,
    mount: 40,
    umount2: 39,
    setns: 268,
    chroot: 51,
    unshare: 97,
    bpf: 280,
    perf_event_open: 241,
    userfaultfd: 282,
    io_uring_setup: 425,
    personality: 92,
    ptrace: 117,
    process_vm_readv: 270,
    pidfd_open: 434,
    pidfd_getfd: 438,
    setpriority: 140,
    sched_setaffinity: 122,
    sched_setscheduler: 119,
    sethostname: 161,
    socket: 198,
    mknodat: 33,
    setxattr: 5,
    name_to_handle_at: 264,
    open_by_handle_at: 265,
    syslog: 116,
  },
} as const;

export type Call = keyof (typeof numbers)["x64"];

const known: Readonly<Record<string, Readonly<Record<Call, number>>>> = numbers;

/** Makes one system call; its result, or an error that carries the errno's name as `code`. */
export function kernel(name: Call, ...words: readonly Word[]): number {
  const number = known[arch()]?.[name];
  if (number === undefined) throw new Error(`system calls of ${arch()} are not known`);
  const typed = words.flatMap((word): unknown[] =>
    typeof word === "number" ? ["long", word] : ["void *", word],
  );
  const result = Number(call(number, ...typed));
  if (result >= 0) return result;
  const code = nameOf(koffi.errno());
  throw Object.assign(new Error(`${name}: ${code}`), { code });
}

const nameOf = (number: number): string =>
  Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;

/** A path or other text as C has it. */
export const c = (text: string): Uint8Array => Buffer.from(`${text}\0`);
