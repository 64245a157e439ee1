/** Other processes: their memory, descriptors, time and lives. */
import fs from "node:fs";
import type { Args, Deed, Done } from "../types.ts";
import { kernel } from "./kernel.ts";

const seize = 0x4206;
const detach = 17;
const prioProcess = 0;

const done = (): Done => ({ blockedBy: null });

/** Seized only, never stopped. */
function trace(args: Args): Done {
  const pid = args.number("pid");
  kernel("ptrace", seize, pid, 0, 0);
  try {
    kernel("ptrace", detach, pid, 0, 0);
  } catch (error) {
    // It is not stopped, so it cannot be let go by hand; the kernel does when this process ends.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  return done();
}

/** Reads where nothing is: rights are judged before addresses (process_vm_readv(2)). */
function readMemory(args: Args): Done {
  const buffer = Buffer.alloc(16);
  const vector = Buffer.alloc(16);
  vector.writeBigUInt64LE(16n, 0);
  vector.writeBigUInt64LE(16n, 8);
  try {
    kernel("process_vm_readv", args.number("pid"), vector, 1, vector, 1, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EFAULT") throw error;
  }
  return buffer.length === 16 ? done() : { blockedBy: "no buffer" };
}

function takeDescriptor(args: Args): Done {
  const pidfd = kernel("pidfd_open", args.number("pid"), 0);
  try {
    fs.closeSync(kernel("pidfd_getfd", pidfd, 1, 0));
  } finally {
    fs.closeSync(pidfd);
  }
  return done();
}

export const processes: Readonly<Record<string, Deed>> = {
  trace,
  "read memory": readMemory,
  "take a descriptor": takeDescriptor,
  signal: (args) => {
    process.kill(args.number("pid"), 0);
    return done();
  },
  priority: (args) => {
    kernel("setpriority", prioProcess, args.number("pid"), args.number("value"));
    return done();
  },
  processor: (args) => {
    const all = Buffer.alloc(8, 0xff);
    kernel("sched_setaffinity", args.number("pid"), all.length, all);
    return done();
  },
  "real time": () => {
    const parameter = Buffer.alloc(4);
    parameter.writeInt32LE(1, 0);
    kernel("sched_setscheduler", 0, 1, parameter);
    kernel("sched_setscheduler", 0, 0, Buffer.alloc(4));
    return done();
  },
};
