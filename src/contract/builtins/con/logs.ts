/**
 * `journal_size {max_mb}`: what the systemd journal takes on disk. `log_writable {path}`: can what must be
 * written down be written there, made durable and removed again? Tried, not derived from modes.
 */
import fs, { constants } from "node:fs";
import { join } from "node:path";
import { withDescriptor, withWalk } from "../../../host/walk.ts";
import { errnoOf } from "../../../system/disk.ts";
import type { BuiltinCheck } from "../../types.ts";
import { lookInto } from "./look.ts";
import type { Places } from "./places.ts";
import { inCommand, judge, named, numberIn, pass, textIn, unable } from "./verdicts.ts";

const mostEntries = 10_000;
const block = 512n;

export const journalSize =
  (places: Places): BuiltinCheck =>
  async (args) => {
    const maxMb = numberIn(args, "max_mb");
    let bytes = 0n;
    for (const directory of ["/var/log/journal", "/run/log/journal"]) {
      const looked = lookInto(join(places.sysroot, directory), (look) =>
        look.entries(mostEntries).list.reduce((sum, machine) => {
          const inside = look.into(machine, (files) =>
            files
              .entries(mostEntries)
              .list.reduce((all, file) => all + (files.lstat(file)?.blocks ?? 0n) * block, 0n),
          );
          return sum + (inside ?? 0n);
        }, 0n),
      );
      if (looked.kind === "odd") return unable(`${directory} ${looked.why}`);
      if (looked.kind === "seen") bytes += looked.value;
    }
    const mb = Math.round(Number(bytes) / 1e6);
    const seen = `the journal takes ${mb} MB`;
    if (mb <= maxMb) return pass(seen);
    const remedy = `journalctl --rotate --vacuum-size=${Math.max(1, Math.floor(maxMb / 2))}M`;
    return judge([{ found: `${seen}, at most ${maxMb} MB wanted`, key: "journal", remedy }], "");
  };

const probeBytes = Buffer.alloc(4096, 0x0a);

export const logWritable =
  (_: Places): BuiltinCheck =>
  async (args) => {
    const path = textIn(args, "path");
    try {
      withWalk("refuse", ({ entry }) =>
        probe(entry(join(path, `.con-probe-${process.pid}-${process.hrtime.bigint()}`))),
      );
      return pass(`${named(path)} can be written`);
    } catch (error) {
      const code = errnoOf(error);
      if (code === null) throw error;
      const found = `${named(path)} cannot be written (${code})`;
      return judge(
        [{ found, key: `write:${code}`, remedy: remedyFor(code, inCommand(path, "DIRECTORY")) }],
        "",
      );
    }
  };

function probe(path: string): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  let made = false;
  try {
    withDescriptor(path, flags, (fd) => {
      made = true;
      for (let at = 0; at < probeBytes.length; ) at += fs.writeSync(fd, probeBytes, at);
      fs.fsyncSync(fd);
    });
  } finally {
    if (made) fs.unlinkSync(path);
  }
}

function remedyFor(code: string, path: string): string {
  if (code === "ENOSPC" || code === "EDQUOT")
    return `free some space or inodes: du -xh --max-depth=2 ${path} | sort -h | tail`;
  if (code === "EROFS") return `mount -o remount,rw the file system of ${path}; dmesg says why`;
  if (code === "ENOENT") return "con bootstrap";
  return `ls -ld ${path}; con verify; con bootstrap`;
}
