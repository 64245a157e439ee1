/** More rights, other namespaces, and corners of the kernel that no agent needs. */
import { spawnSync } from "node:child_process";
import fs, { constants } from "node:fs";
import { hostname } from "node:os";
import type { Args, Deed, Done } from "../types.ts";
import { c, kernel } from "./kernel.ts";

const done = (detail = ""): Done => ({ blockedBy: null, detail });
const detachMount = 2;

/** Runs last: nothing after it would be an agent's. */
function becomeRoot(): Done {
  process.setuid?.(0);
  return done();
}

/**
 * ld.so shows what the kernel started a program with, unless the program got more rights than its caller
 * (ld.so(8), secure-execution mode): then it stays silent.
 */
function setuidProgram(args: Args): Done {
  const { stdout, error } = spawnSync(args.text("path"), [], {
    env: { LD_SHOW_AUXV: "1", PATH: "/usr/bin:/bin" },
    stdio: ["ignore", "pipe", "ignore"],
    encoding: "utf8",
    timeout: 5_000,
  });
  if (error !== undefined) throw error;
  const euid = /^AT_EUID:\s*(\d+)$/m.exec(stdout)?.[1];
  return euid === String(process.geteuid?.()) ? { blockedBy: "EPERM" } : done();
}

function mount(args: Args): Done {
  const path = args.text("path");
  kernel("mount", c("none"), c(path), c("tmpfs"), 0, null);
  kernel("umount2", c(path), detachMount);
  return done();
}

/** What hides a place from the agent is a mount over it. */
function uncover(args: Args): Done {
  kernel("umount2", c(args.text("path")), detachMount);
  return done();
}

function enter(args: Args): Done {
  const fd = fs.openSync(args.text("path"), constants.O_RDONLY);
  try {
    kernel("setns", fd, 0);
  } finally {
    fs.closeSync(fd);
  }
  return done();
}

/** In a child, so that what comes after is tried from where this process is. */
function inChild(name: string, ...words: readonly string[]): Done {
  const child = spawnSync(name, words, { encoding: "utf8", timeout: 15_000 });
  if (child.error !== undefined) throw child.error;
  const said = `${child.stderr}${child.stdout}`.trim();
  if (child.status === 0) return done(said.slice(0, 300));
  return { blockedBy: codeIn(said) ?? `exit ${child.status}`, detail: said.slice(-300) };
}

/** What programs say for an errno; more than strerror(3), because bus and mount have words of their own. */
const words: readonly (readonly [RegExp, string])[] = [
  [/operation not permitted|must be superuser|only root|\(EPERM\)/i, "EPERM"],
  [/permission denied|access denied|PermissionDenied/i, "EACCES"],
  [/interactive authentication required|authentication is required/i, "EACCES"],
  [/read-only file system/i, "EROFS"],
  [/no such file or directory|mount point|host is down/i, "ENOENT"],
  [/invalid argument|not mounted/i, "EINVAL"],
  [/no such process/i, "ESRCH"],
  [/address family not supported/i, "EAFNOSUPPORT"],
  [/function not implemented/i, "ENOSYS"],
  [/no space left on device/i, "ENOSPC"],
];

const codeIn = (said: string): string | null =>
  words.find(([pattern]) => pattern.test(said))?.[1] ?? null;

function createMap(): Done {
  const attributes = Buffer.alloc(72);
  for (const [index, value] of [2, 4, 4, 1].entries()) attributes.writeUInt32LE(value, index * 4);
  fs.closeSync(kernel("bpf", 0, attributes, attributes.length));
  return done();
}

function countEvents(): Done {
  // A software counter of this process alone, without the kernel: what perf_event_paranoid 2 still allows.
  const attributes = Buffer.alloc(112);
  attributes.writeUInt32LE(1, 0);
  attributes.writeUInt32LE(112, 4);
  attributes.writeUInt32LE((1 << 5) | (1 << 6), 40);
  fs.closeSync(kernel("perf_event_open", attributes, 0, -1, -1, 0));
  return done();
}

function ringBuffer(): Done {
  fs.closeSync(kernel("io_uring_setup", 1, Buffer.alloc(120)));
  return done();
}

const userModeOnly = 1;
const noRandomize = 0x0040000;

export const privileges: Readonly<Record<string, Deed>> = {
  "become root": becomeRoot,
  "setuid program": setuidProgram,
  mount,
  uncover,
  enter,
  bpf: createMap,
  "perf events": countEvents,
  io_uring: ringBuffer,
  command: (args) => inChild("/bin/sh", "-c", args.text("script")),
  group: (args) => {
    process.setgroups?.([args.number("gid")]);
    return done();
  },
  chroot: (args) => inChild("/usr/sbin/chroot", args.text("path"), "/usr/bin/true"),
  unshare: (args) => inChild("/usr/bin/unshare", args.text("kind"), "/usr/bin/true"),
  "page faults": () => {
    fs.closeSync(kernel("userfaultfd", userModeOnly));
    return done();
  },
  personality: () => {
    const before = kernel("personality", 0xffffffff);
    kernel("personality", before | noRandomize);
    kernel("personality", before);
    return done();
  },
  "host name": () => {
    const name = Buffer.from(hostname());
    kernel("sethostname", name, name.length);
    return done();
  },
  "kernel log": () => {
    kernel("syslog", 10, null, 0);
    return done();
  },
};
