/** Files that are somebody else's. Each deed stops where it has succeeded, or takes back what it did. */
import { randomBytes } from "node:crypto";
import fs, { constants } from "node:fs";
import { join } from "node:path";
import type { Args, Deed, Done } from "../types.ts";
import { c, kernel } from "./kernel.ts";

const done = (detail = ""): Done => ({ blockedBy: null, detail });
const fresh = (directory: string): string =>
  join(directory, `.attack-${randomBytes(6).toString("hex")}`);

function withFd(path: string, flags: number, use: (fd: number) => string): Done {
  const fd = fs.openSync(path, flags | constants.O_NONBLOCK, 0o644);
  try {
    return done(use(fd));
  } finally {
    fs.closeSync(fd);
  }
}

function read(args: Args): Done {
  return withFd(args.text("path"), constants.O_RDONLY, (fd) => {
    const bytes = Buffer.alloc(200);
    return bytes.toString("latin1", 0, fs.readSync(fd, bytes, 0, 200, null));
  });
}

function create(args: Args): Done {
  const path = fresh(args.text("path"));
  const made = withFd(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, () => "");
  fs.unlinkSync(path);
  return made;
}

function rename(args: Args): Done {
  fs.renameSync(args.text("from"), args.text("to"));
  return done();
}

function link(args: Args): Done {
  const to = args.text("to");
  fs.linkSync(args.text("from"), to);
  fs.unlinkSync(to);
  return done();
}

/** With a file of its own. */
function own(args: Args, use: (path: string) => void): Done {
  const path = fresh(args.text("directory"));
  fs.writeFileSync(path, "x", { mode: 0o755 });
  try {
    use(path);
    return done();
  } finally {
    fs.unlinkSync(path);
  }
}

const setCapability = (path: string): void => {
  // VFS_CAP_REVISION_2 with the effective bit, and CAP_DAC_OVERRIDE: capabilities(7).
  const value = Buffer.alloc(20);
  value.writeUInt32LE(0x02000001, 0);
  value.writeUInt32LE(2, 4);
  kernel("setxattr", c(path), c("security.capability"), value, value.length, 0);
};

const characterDevice = 0o020600;
const atCwd = -100;

function device(args: Args): Done {
  const path = fresh(args.text("directory"));
  const [major = 0, minor = 0] = args.numbers("number");
  kernel("mknodat", atCwd, c(path), characterDevice, (major << 8) | minor);
  fs.unlinkSync(path);
  return done();
}

/** Opens a file by its handle, which needs no right to the directories on the way. */
function handle(args: Args): Done {
  const path = args.text("path");
  const handle = Buffer.alloc(8 + 128);
  handle.writeUInt32LE(128, 0);
  kernel("name_to_handle_at", atCwd, c(path), handle, Buffer.alloc(8), 0);
  const mount = fs.openSync(path, constants.O_RDONLY);
  try {
    fs.closeSync(kernel("open_by_handle_at", mount, handle, constants.O_RDONLY));
  } finally {
    fs.closeSync(mount);
  }
  return done();
}

/** Opens a file that it may read once more by its descriptor, to write. */
function reopen(args: Args): Done {
  return withFd(args.text("path"), constants.O_RDONLY, (fd) => {
    fs.closeSync(fs.openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_APPEND));
    return "";
  });
}

const setLease = 1024;
const writeLease = 1;

/** Whoever opens a leased file waits until the lease is given back, or broken (fcntl(2)). */
function lease(args: Args): Done {
  return withFd(args.text("path"), constants.O_RDONLY, (fd) => {
    kernel("fcntl", fd, setLease, writeLease);
    return "";
  });
}

/** Makes another one's file its own name's content: a link that whoever follows it reads. */
function swapThrough(args: Args): Done {
  const [from, to] = [args.text("from"), args.text("to")];
  const mine = fresh(args.text("directory"));
  fs.symlinkSync(from, mine);
  try {
    fs.renameSync(mine, to);
  } catch (error) {
    fs.unlinkSync(mine);
    throw error;
  }
  return done();
}

export const files: Readonly<Record<string, Deed>> = {
  read,
  create,
  rename,
  link,
  device,
  handle,
  reopen,
  lease,
  "replace by a link": swapThrough,
  open: (args) => withFd(args.text("path"), constants.O_RDONLY, () => ""),
  append: (args) => withFd(args.text("path"), constants.O_WRONLY | constants.O_APPEND, () => ""),
  list: (args) => done(fs.readdirSync(args.text("path")).slice(0, 5).join(" ")),
  remove: (args) => {
    fs.unlinkSync(args.text("path"));
    return done();
  },
  mode: (args) => {
    fs.chmodSync(args.text("path"), args.number("mode"));
    return done();
  },
  give: (args) => own(args, (path) => fs.chownSync(path, args.number("uid"), -1)),
  capability: (args) => own(args, setCapability),
};
