/**
 * What comes from the inboxes during a session: claims the next task, remembers what is not ready
 * yet, and sets aside what is kept open for too long.
 *
 * Never: lets one entry stand before the next. An entry that cannot even be moved out of the way is
 * skipped for the rest of the session and reported.
 */

import { basename } from "node:path";
import { setOpenAside } from "../spool/aside.ts";
import { type Attempts, firstAttempt } from "../spool/attempts.ts";
import { type Claimed, claim } from "../spool/claim.ts";
import type { Queued } from "../spool/queued.ts";
import { isTryLater } from "../spool/reply.ts";
import { type Candidate, scan } from "../spool/scan.ts";
import type { Post } from "../spool/world.ts";
import { reasonOf } from "../system/errors.ts";
import type { Hints } from "./inbox-watch.ts";
import type { SessionWorld } from "./world.ts";

/** A claimed task, and how often it was begun. */
export interface Job extends Queued {
  readonly attempts: Attempts;
}

export interface Intake {
  /** The next claimed task; null when nothing is ready. */
  readonly next: () => Promise<Job | null>;
  /** True when the latest scan saw something that was not tried yet. */
  readonly more: () => boolean;
  /** The next claimed control task, while another task runs. */
  readonly nextControl: () => Promise<Job | null>;
  /** How long to leave the inboxes alone after a look at them, so that looking is not all that is done. */
  readonly restMs: () => number;
  /** Waits for a hint, or for a slow writer to finish. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** True while some file is expected to become ready within this session. */
  readonly waiting: () => boolean;
  /** Scans once more; true when there is something new to try. */
  readonly look: () => boolean;
  /** True when an entry could not be moved out of the way. */
  readonly stuck: () => boolean;
}

/** While tasks run, new arrivals are sorted in at most this often. */
const rescanMs = 50;
/** After a scan, as many times its length without one: a flood must not stand before what is at hand. */
const restFactor = 4;
/** Also when the clock jumps during a scan. */
const longestRestMs = 1_000;
/** How often a file that is being written is looked at. */
const pollMs = 20;

class InboxIntake implements Intake {
  readonly #world: SessionWorld;
  readonly #post: Post;
  readonly #hints: Hints;
  readonly #known = new Map<string, Candidate>();
  /** When a file that is not ready was seen first. */
  readonly #pending = new Map<string, number>();
  readonly #stuck = new Set<string>();
  #queue: Candidate[] = [];
  #scannedAt = Number.NEGATIVE_INFINITY;
  #restMs = 0;

  constructor(world: SessionWorld, post: Post, hints: Hints) {
    this.#world = world;
    this.#post = post;
    this.#hints = hints;
  }

  async next(): Promise<Job | null> {
    const fresh = this.#world.now() - this.#scannedAt < Math.max(rescanMs, this.#restMs);
    if (this.#queue.length === 0 || (!fresh && this.#hints.take())) this.#scan();
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const job = await this.#try(next);
      if (job !== null) return job;
    }
    return null;
  }

  more(): boolean {
    return this.#queue.length > 0;
  }

  async nextControl(): Promise<Job | null> {
    this.#scan();
    for (;;) {
      const index = this.#queue.findIndex(({ control }) => control);
      const [candidate] = index < 0 ? [] : this.#queue.splice(index, 1);
      if (candidate === undefined) return null;
      const job = await this.#try(candidate);
      if (job !== null) return job;
    }
  }

  restMs(): number {
    return this.#restMs;
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await this.#hints.wait(this.waiting() ? pollMs : ms, signal);
  }

  waiting(): boolean {
    return this.#pending.size > 0;
  }

  look(): boolean {
    this.#scan();
    // Those that stay open for writing do not keep a session awake.
    return this.#queue.some(({ open }) => !open);
  }

  stuck(): boolean {
    return this.#stuck.size > 0;
  }

  #scan(): void {
    const begun = this.#world.now();
    this.#hints.take();
    const found = scan(this.#world, this.#post, this.#known);
    this.#scannedAt = this.#world.now();
    const rest = restFactor * (this.#scannedAt - begun);
    this.#restMs = Math.min(Math.max(rest, 0), longestRestMs);
    const paths = new Set(found.map(({ path }) => path));
    for (const path of this.#pending.keys()) if (!paths.has(path)) this.#pending.delete(path);
    this.#queue = found.filter(({ path }) => !this.#stuck.has(path));
  }

  async #try(candidate: Candidate): Promise<Job | null> {
    const claimed = await this.#claim(candidate);
    if (claimed === null) return null;
    if (claimed.kind === "notYet") {
      this.#notYet(candidate, claimed.inode);
      return null;
    }
    this.#pending.delete(candidate.path);
    this.#known.delete(candidate.path);
    if (claimed.kind !== "gone") this.#hints.expect(basename(candidate.path));
    if (claimed.kind !== "task") return null;
    const { task, claimedAt } = claimed;
    return { task, claimedAt, attempts: firstAttempt };
  }

  /** Null when the entry resists everything; the next one gets its turn. */
  async #claim(candidate: Candidate): Promise<Claimed | null> {
    try {
      return await claim(this.#world, this.#post, candidate);
    } catch (error) {
      if (isTryLater(error)) throw error;
      this.#giveUp(candidate, error);
      return null;
    }
  }

  #giveUp(candidate: Candidate, error: unknown): void {
    this.#stuck.add(candidate.path);
    const why = reasonOf(error);
    this.#world.log.error("an inbox entry cannot be moved out of the way", { why });
  }

  #notYet(candidate: Candidate, inode: bigint): void {
    // Set aside earlier: it is tried at every scan, and nobody stays awake for it.
    if (candidate.open) return;
    const now = this.#world.now();
    const since = this.#pending.get(candidate.path) ?? now;
    this.#pending.set(candidate.path, since);
    if (now - since < this.#world.lingerMs) return;
    this.#pending.delete(candidate.path);
    try {
      setOpenAside(this.#world, candidate, inode);
    } catch (error) {
      if (isTryLater(error)) throw error;
      this.#giveUp(candidate, error);
    }
  }
}

export const createIntake = (world: SessionWorld, post: Post, hints: Hints): Intake =>
  new InboxIntake(world, post, hints);
