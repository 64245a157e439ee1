/**
 * A disk in memory that can die. It keeps apart what is visible and what would survive a power cut:
 * a file's bytes after its own sync, a directory's entries after the directory's sync, nothing else.
 *
 * Harsher than any real file system: unsynced renames are always lost, in each directory separately.
 */
import { constants } from "node:fs";
import { basename, dirname } from "node:path";
import type { Disk } from "../../../src/system/disk.ts";

/** The machine or the process is gone. No code under test may catch it and go on. */
export class Crash extends Error {}

interface Inode {
  readonly ino: number;
  readonly birth: number;
  data: Buffer;
  synced: Buffer;
  mtimeMs: number;
  ctimeMs: number;
  mode: number;
  readonly uid: number;
}

interface Folder {
  entries: Map<string, Inode>;
  synced: Map<string, Inode>;
}

type Handle = { readonly file: Inode } | { readonly folder: Folder };

const errno = (code: string): Error => Object.assign(new Error(code), { code });

export class MemoryDisk {
  readonly folders = new Map<string, Folder>();
  readonly #handles = new Map<number, Handle>();
  #nextFd = 10;
  #nextIno = 1;
  #tick: number;
  /** Changing calls made so far. */
  calls = 0;
  /** Who creates files now. */
  uid = process.getuid?.() ?? 0;
  /** Dies at this changing call and stays dead. */
  crashAt = Number.POSITIVE_INFINITY;
  /** From this changing call on, nothing new fits. */
  fullFrom = Number.POSITIVE_INFINITY;

  /** The first file gets the time after `start`, each later one the next. */
  constructor(directories: readonly string[], start = Date.now() - 1_000_000) {
    this.#tick = start;
    for (const path of directories) this.#makeFolder(path);
  }

  #makeFolder(path: string): void {
    if (this.folders.has(path)) return;
    this.folders.set(path, { entries: new Map(), synced: new Map() });
  }

  /** The machine comes back; after a power cut with nothing but what was synced. */
  reboot(powerCut: boolean): void {
    this.#handles.clear();
    this.crashAt = Number.POSITIVE_INFINITY;
    this.fullFrom = Number.POSITIVE_INFINITY;
    if (!powerCut) return;
    for (const folder of this.folders.values()) {
      folder.entries = new Map(folder.synced);
      for (const inode of folder.entries.values()) inode.data = Buffer.from(inode.synced);
    }
  }

  names(path: string): string[] {
    return [...this.#folder(path).entries.keys()].sort();
  }

  text(path: string): string | null {
    return this.#lookup(path)?.data.toString("utf8") ?? null;
  }

  /** Permission bits. */
  mode(path: string): number {
    return this.#need(path).mode;
  }

  #folder(path: string): Folder {
    const folder = this.folders.get(path);
    if (folder === undefined) throw errno("ENOENT");
    return folder;
  }

  #lookup(path: string): Inode | undefined {
    return this.#folder(dirname(path)).entries.get(basename(path));
  }

  #need(path: string): Inode {
    const inode = this.#lookup(path);
    if (inode === undefined) throw errno("ENOENT");
    return inode;
  }

  #change(needsSpace: boolean): void {
    this.calls += 1;
    if (this.calls >= this.crashAt) throw new Crash(`at call ${this.calls}`);
    if (needsSpace && this.calls >= this.fullFrom) throw errno("ENOSPC");
  }

  #links(inode: Inode): number {
    let links = 0;
    for (const { entries } of this.folders.values()) {
      for (const entry of entries.values()) if (entry === inode) links += 1;
    }
    return links;
  }

  #stat(inode: Inode) {
    const no = () => false;
    const stat = {
      dev: 1n,
      ino: BigInt(inode.ino),
      size: BigInt(inode.data.length),
      uid: BigInt(inode.uid),
      gid: 0n,
      nlink: BigInt(this.#links(inode)),
      ctimeNs: BigInt(inode.ctimeMs) * 1_000_000n,
      mtimeNs: BigInt(Math.trunc(inode.mtimeMs)) * 1_000_000n,
      isFile: () => true,
      isDirectory: no,
      isSymbolicLink: no,
      isFIFO: no,
      isSocket: no,
    };
    return stat as unknown as ReturnType<Disk["stat"]>;
  }

  #open(path: string, flags: number, mode: number): number {
    const fd = this.#nextFd++;
    const folder = this.folders.get(path);
    if (folder !== undefined) {
      this.#handles.set(fd, { folder });
      return fd;
    }
    let file = this.#lookup(path);
    if (file !== undefined && (flags & constants.O_EXCL) !== 0) throw errno("EEXIST");
    if (file === undefined) {
      if ((flags & constants.O_CREAT) === 0) throw errno("ENOENT");
      this.#change(true);
      this.#tick += 1;
      const times = { mtimeMs: this.#tick, ctimeMs: this.#tick, birth: this.#tick };
      const empty = { data: Buffer.alloc(0), synced: Buffer.alloc(0) };
      file = { ino: this.#nextIno++, mode, uid: this.uid, ...times, ...empty };
      this.#folder(dirname(path)).entries.set(basename(path), file);
    } else if ((flags & constants.O_TRUNC) !== 0) {
      this.#change(false);
      file.data = Buffer.alloc(0);
    }
    this.#handles.set(fd, { file });
    return fd;
  }

  #handle(fd: number): Handle {
    const handle = this.#handles.get(fd);
    if (handle === undefined) throw errno("EBADF");
    return handle;
  }

  #file(fd: number): Inode {
    const handle = this.#handle(fd);
    if (!("file" in handle)) throw errno("EISDIR");
    return handle.file;
  }

  #rename(from: string, to: string): void {
    const inode = this.#need(from);
    this.#change(false);
    this.#folder(dirname(to)).entries.set(basename(to), inode);
    this.#folder(dirname(from)).entries.delete(basename(from));
  }

  /** The interface that the code under test gets. */
  disk(): Disk {
    return {
      open: (path, flags, mode) => this.#open(path, flags, mode ?? 0o600),
      close: (fd) => {
        this.#handles.delete(fd);
      },
      read: (fd, into, offset, position) => this.#file(fd).data.copy(into, offset, position ?? 0),
      write: (fd, bytes, offset) => {
        const file = this.#file(fd);
        this.#change(true);
        // In parts, as the kernel may.
        const part = bytes.subarray(offset, offset + 64);
        file.data = Buffer.concat([file.data, part]);
        return part.length;
      },
      sync: (fd) => {
        const handle = this.#handle(fd);
        this.#change(false);
        if ("file" in handle) handle.file.synced = Buffer.from(handle.file.data);
        else handle.folder.synced = new Map(handle.folder.entries);
      },
      stat: (fd) => this.#stat(this.#file(fd)),
      setMode: (fd, mode) => {
        this.#file(fd).mode = mode;
      },
      // Of a folder only its group is ever asked for.
      lstat: (path) =>
        this.folders.has(path.toString())
          ? ({ gid: 0n } as ReturnType<Disk["lstat"]>)
          : this.#stat(this.#need(String(path))),
      find: (path) => {
        const inode = this.folders.has(dirname(path)) ? this.#lookup(path) : undefined;
        return inode === undefined ? null : this.#stat(inode);
      },
      list: (directory) => [...this.#folder(directory).entries.keys()],
      listBytes: (directory) => this.names(directory).map((name) => Buffer.from(name)),
      link: (from, to) => {
        const inode = this.#need(from);
        if (this.#lookup(to) !== undefined) throw errno("EEXIST");
        this.#change(true);
        this.#folder(dirname(to)).entries.set(basename(to), inode);
      },
      rename: (from, to) => this.#rename(String(from), to),
      unlink: (path) => {
        this.#need(path);
        this.#change(false);
        this.#folder(dirname(path)).entries.delete(basename(path));
      },
      makeDirectory: (path) => this.#makeFolder(path),
      setTime: (path, epochMs) => {
        const inode = this.#need(path);
        this.#change(false);
        inode.mtimeMs = epochMs;
      },
    };
  }
}
