/**
 * Reads files that an agent owns and may replace at any moment.
 *
 * Never: follows a symbolic link, waits at a FIFO, reads a device, or believes a file that belongs
 * to somebody else: whoever runs `con` may be root, and the agent picks what lies in its outbox.
 */
import { constants } from "node:fs";
import { type Disk, errnoOf } from "../../system/disk.ts";
import { isDenied, isMissing, isNoFolder } from "./access.ts";

export type Reading =
  | { readonly kind: "text"; readonly text: string; readonly cutAt: number | null }
  | { readonly kind: "missing" }
  | { readonly kind: "denied" }
  /** There is something, but not what an agent of this uid should have put there. */
  | { readonly kind: "refused"; readonly why: string };

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** As much as a task may weigh. */
const defaultLimit = 16 << 20;

export function readOwned(disk: Disk, path: string, uid: number, limit = defaultLimit): Reading {
  let fd: number;
  try {
    fd = disk.open(path, flags);
  } catch (error) {
    return notOpened(error);
  }
  try {
    const status = disk.stat(fd);
    if (!status.isFile()) return { kind: "refused", why: "it is not a regular file" };
    if (status.uid !== BigInt(uid))
      return { kind: "refused", why: `it belongs to uid ${status.uid}, not to the agent` };
    const bytes = readUpTo(disk, fd, Math.min(Number(status.size), limit));
    const isCut = status.size > BigInt(limit);
    return { kind: "text", text: bytes.toString("utf8"), cutAt: isCut ? limit : null };
  } finally {
    disk.close(fd);
  }
}

function notOpened(error: unknown): Reading {
  if (isMissing(error)) return { kind: "missing" };
  if (isDenied(error)) return { kind: "denied" };
  if (errnoOf(error) === "ELOOP") return { kind: "refused", why: "it is a symbolic link" };
  if (errnoOf(error) === "ENXIO") return { kind: "refused", why: "it is not a regular file" };
  throw error;
}

function readUpTo(disk: Disk, fd: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let offset = 0;
  while (offset < size) {
    const count = disk.read(fd, bytes, offset, offset);
    if (count === 0) break;
    offset += count;
  }
  return bytes.subarray(0, offset);
}

/** Names in a directory without dot-names; null where the caller may not look. */
export function listVisible(disk: Disk, directory: string): string[] | null {
  try {
    return disk.list(directory).filter((name) => !name.startsWith("."));
  } catch (error) {
    if (isDenied(error)) return null;
    if (isNoFolder(error)) return [];
    throw error;
  }
}
