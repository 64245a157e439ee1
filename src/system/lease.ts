/**
 * File leases (fcntl(2), F_SETLEASE): the kernel's own answer to "does anybody have it open for
 * writing?". Loaded through FFI only when asked for.
 *
 * A read lease is refused with EAGAIN while a writer exists, and while it is held a new writer
 * waits. Its signal is set to one that is ignored by default, because SIGIO would end the process.
 * Never: holds a lease longer than the caller's read. Without CAP_LEASE it works on own files only.
 */

export interface Lease {
  /** `unavailable`: not permitted, or the file system has no leases. */
  take(fd: number): "held" | "writer" | "unavailable";
  release(fd: number): void;
}

const command = { setSignal: 10, setLease: 1024 } as const;
const kind = { read: 0, none: 2 } as const;
const sigurg = 23;
const again = 11;

/** Null when the library cannot be loaded; the caller then waits for quiet instead. */
export async function loadLease(): Promise<Lease | null> {
  const library = await import("koffi").catch(() => null);
  if (library === null) return null;
  const koffi = library.default;
  const fcntl = koffi.load("libc.so.6").func("int fcntl(int fd, int command, ...)");
  const call = (fd: number, which: number, value: number): number => fcntl(fd, which, "int", value);
  return {
    take: (fd) => {
      if (call(fd, command.setSignal, sigurg) !== 0) return "unavailable";
      if (call(fd, command.setLease, kind.read) === 0) return "held";
      return koffi.errno() === again ? "writer" : "unavailable";
    },
    release: (fd) => {
      call(fd, command.setLease, kind.none);
    },
  };
}
