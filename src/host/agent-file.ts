/**
 * Reads one file of an agent as root: a regular file that is the agent's own and has no second name, reached without
 * following any link.
 *
 * Never: waits for a pipe, opens a device, or reads what an agent made a link to, so nothing of others comes along.
 */
import { constants, fstatSync, readSync } from "node:fs";
import { errnoOf, isDiskTrouble } from "../system/disk.ts";
import { withDescriptor, withWalk } from "./walk.ts";

export type FileRead =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly why: string };

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** `path` is absolute, `owner` the agent's uid. Full and failing disks throw. */
export function readAgentFile(path: string, owner: number, most: number): FileRead {
  try {
    return withWalk("refuse", ({ entry }) =>
      withDescriptor(entry(path), flags, (fd) => readWhole(fd, owner, most)),
    );
  } catch (error) {
    const code = errnoOf(error);
    if (code === null || isDiskTrouble(error)) throw error;
    return { ok: false, why: reasons[code] ?? code };
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "it is not there",
  ELOOP: "it is a link, or lies behind one",
  ENOTDIR: "it lies behind what is no directory",
  ENXIO: "it is no regular file",
};

const no = (why: string): FileRead => ({ ok: false, why });

function readWhole(fd: number, owner: number, most: number): FileRead {
  const { uid, nlink, size, ...status } = fstatSync(fd);
  if (!isRegular(status)) return no("it is no regular file");
  if (uid !== owner) return no("it is somebody else's");
  if (nlink !== 1) return no("it has several names");
  if (size > most) return no(`it has more than ${most} bytes`);
  const bytes = Buffer.alloc(most + 1);
  let length = 0;
  for (;;) {
    const count = readSync(fd, bytes, length, bytes.length - length, null);
    if (count === 0) return { ok: true, bytes: bytes.subarray(0, length) };
    length += count;
    // It grows while it is read.
    if (length > most) return no(`it has more than ${most} bytes`);
  }
}

const isRegular = ({ mode }: { readonly mode: number }): boolean =>
  (mode & constants.S_IFMT) === constants.S_IFREG;
