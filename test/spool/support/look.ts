/** A look at the one entry of a desk's inbox, through calls of the disk that may be changed. */
import { type Entry, readEntry } from "../../../src/spool/entry.ts";
import type { Disk } from "../../../src/system/disk.ts";
import type { Lease } from "../../../src/system/lease.ts";
import { encodeTask, requestOf } from "../../../src/task/codec.ts";
import { type Desk, desk, me, write } from "./desk.ts";

export const path = `${me.inbox}/a.task`;
export const twin = `${me.inbox}/.a.task.tmp-0123456789abcdef`;
export type Stat = ReturnType<Disk["lstat"]>;

/** A plain file that nobody touched for long. */
export function quiet(text: string | Uint8Array = "x\n"): Desk {
  const at = desk();
  write(at, path, text);
  at.clock.ms += 1e9;
  return at;
}

export const marked = encodeTask(requestOf("x"), { endMarker: true });

export interface Looked {
  readonly entry: Entry;
  /** Descriptors that are open now. */
  readonly open: Set<number>;
  readonly flags: number[];
}

export async function look(
  at: Desk,
  change: Partial<Disk> = {},
  lease?: Lease | null,
): Promise<Looked> {
  const base = { ...at.disk, ...change };
  const [open, flags] = [new Set<number>(), [] as number[]];
  const disk: Disk = {
    ...base,
    open: (name, how, mode) => {
      const fd = base.open(name, how, mode);
      open.add(fd);
      flags.push(how);
      return fd;
    },
    close: (fd) => {
      if (!open.delete(fd)) throw new Error("not open");
      base.close(fd);
    },
  };
  const leased = lease === undefined ? {} : { lease: () => Promise.resolve(lease) };
  const entry = await readEntry({ ...at.world, disk, ...leased }, path);
  return { entry, open, flags };
}

/** The file's facts with some of them changed. */
export const factsOf = (at: Desk, change: Partial<Stat> = {}): Stat => ({
  ...at.disk.lstat(path),
  ...change,
});
