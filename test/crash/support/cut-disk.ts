/**
 * The disk in memory with all the ways in which it may be cut. Names and data are kept or lost each for itself, as
 * file systems may order them: nothing is promised but what was synced. Of one directory the changes are kept in
 * their order, as journals keep them.
 */
import { constants } from "node:fs";
import { basename, dirname } from "node:path";
import type { Disk } from "../../../src/system/disk.ts";
import { createRandom, type Random } from "../../fuzz/support/random.ts";
import { Crash, MemoryDisk } from "../../spool/support/memory-disk.ts";
import { type Call, mayFail, type Way } from "./ways.ts";

type Folder = MemoryDisk["folders"] extends Map<string, infer One> ? One : never;

interface Rename {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly name: string;
}

interface State {
  /** Number of the change; 0 is what was synced. */
  readonly at: number;
  readonly entries: Folder["entries"];
}

const failed = (code: string): Error => Object.assign(new Error(code), { code });

export class CutDisk extends MemoryDisk {
  /** Of each directory: what it was after each change since its last sync. */
  readonly #since = new Map<string, State[]>();
  /** Renames between two directories. */
  #renames: Rename[] = [];
  #changes = 0;
  readonly #paths = new Map<number, string>();
  #way: Way | null = null;
  /** Calls of all kinds since it was armed. */
  ops = 0;
  #at = Number.POSITIVE_INFINITY;
  #seed = 0;

  /** From the `at`-th call on; errors only count calls that may fail so. */
  arm(way: Way, at: number): void {
    this.#way = way;
    this.#seed = at;
    this.ops = 0;
    if (way.kind === "error") this.#at = at;
    else this.crashAt = this.calls + at;
  }

  /** The machine comes back. */
  restart(): void {
    const way = this.#way;
    this.#way = null;
    this.#at = Number.POSITIVE_INFINITY;
    if (way?.kind === "power") this.#losePower(way.left);
    this.reboot(way?.kind === "power" && way.left === "nothing");
    if (way?.kind === "power") this.#settle();
  }

  #losePower(left: Extract<Way, { kind: "power" }>["left"]): void {
    if (left === "nothing") return;
    const random = createRandom(this.#seed);
    const seen = new Set<object>();
    const chosen = left === "some" ? this.#someOf(random) : null;
    for (const [path, folder] of this.folders) {
      if (left === "data") folder.entries = new Map(folder.synced);
      if (chosen !== null) folder.entries = new Map(chosen.get(path)?.entries);
      for (const inode of folder.entries.values()) {
        if (seen.has(inode)) continue;
        seen.add(inode);
        const { data, synced } = inode;
        if (left === "names") inode.data = Buffer.from(synced);
        if (left === "zeros" && data.length > synced.length)
          inode.data = Buffer.concat([synced, Buffer.alloc(data.length - synced.length)]);
        if (left === "some" && data.length > synced.length)
          inode.data = data.subarray(
            0,
            synced.length + random.int(data.length - synced.length + 1),
          );
      }
    }
  }

  /** A rename takes nothing away before it has put it elsewhere: it is one transaction of the file system. */
  #someOf(random: Random): Map<string, State> {
    const chosen = new Map<string, State>();
    for (const path of this.folders.keys()) chosen.set(path, random.pick(this.#statesOf(path)));
    for (const { at, from, to } of this.#renames) {
      if ((chosen.get(from)?.at ?? 0) < at || (chosen.get(to)?.at ?? 0) >= at) continue;
      const there = this.#statesOf(to).find((state) => state.at >= at);
      if (there !== undefined) chosen.set(to, there);
    }
    return chosen;
  }

  /** What left a directory that is synced has arrived where it went. */
  #commitRenames(path: string): void {
    for (const { at, to, name } of this.#renames.filter(({ from }) => from === path)) {
      const folder = this.folders.get(to);
      const later = (this.#since.get(to) ?? []).filter((state) => state.at >= at);
      this.#since.set(to, later);
      const inode = folder?.entries.get(name);
      if (inode !== undefined) folder?.synced.set(name, inode);
    }
    this.#renames = this.#renames.filter(({ from, to }) => from !== path && to !== path);
  }

  #statesOf(path: string): State[] {
    const synced = this.folders.get(path)?.synced ?? new Map();
    return [{ at: 0, entries: synced }, ...(this.#since.get(path) ?? [])];
  }

  /** What came back is what the disk has. */
  #settle(): void {
    this.#since.clear();
    this.#renames = [];
    for (const folder of this.folders.values()) {
      folder.synced = new Map(folder.entries);
      for (const inode of folder.entries.values()) inode.synced = Buffer.from(inode.data);
    }
  }

  #step(call: Call): void {
    const way = this.#way;
    if (way?.kind === "kill" || way?.kind === "power") {
      // The dead do not read either.
      if (this.calls >= this.crashAt) throw new Crash("it is dead");
      return;
    }
    if (way === null || !mayFail[way.errno].includes(call)) return;
    this.ops += 1;
    if (way.lasting ? this.ops >= this.#at : this.ops === this.#at) throw failed(way.errno);
  }

  #changed(...paths: readonly string[]): void {
    this.#changes += 1;
    for (const path of new Set(paths)) {
      const now = this.folders.get(path)?.entries;
      if (now === undefined) continue;
      const state = { at: this.#changes, entries: new Map(now) };
      this.#since.set(path, [...(this.#since.get(path) ?? []), state]);
    }
  }

  override disk(): Disk {
    const disk = super.disk();
    const then = (call: Call, act: () => void, ...paths: readonly string[]): void => {
      this.#step(call);
      act();
      this.#changed(...paths);
    };
    return {
      ...disk,
      open: (path, flags, mode) => {
        const creates = (flags & constants.O_CREAT) !== 0;
        this.#step(creates ? "create" : "open");
        const fd = disk.open(path, flags, mode);
        this.#paths.set(fd, path);
        if (creates) this.#changed(dirname(path));
        return fd;
      },
      read: (fd, into, offset, position) => {
        this.#step("read");
        return disk.read(fd, into, offset, position);
      },
      write: (fd, bytes, offset) => {
        this.#step("write");
        return disk.write(fd, bytes, offset);
      },
      sync: (fd) => {
        this.#step("sync");
        disk.sync(fd);
        const path = this.#paths.get(fd) ?? "";
        this.#since.delete(path);
        this.#commitRenames(path);
      },
      list: (path) => {
        this.#step("list");
        return disk.list(path);
      },
      listBytes: (path) => {
        this.#step("list");
        return disk.listBytes(path);
      },
      link: (from, to) => then("link", () => disk.link(from, to), dirname(to)),
      rename: (from, to) => {
        const [source, target] = [dirname(String(from)), dirname(to)];
        then("rename", () => disk.rename(from, to), source, target);
        const rename = { at: this.#changes, from: source, to: target, name: basename(to) };
        if (source !== target) this.#renames.push(rename);
      },
      unlink: (path) => then("unlink", () => disk.unlink(path), dirname(path)),
    };
  }
}
