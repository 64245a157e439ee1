/**
 * The runner's side of the audit trail: what its agent does goes to the gateway, which keeps it under a user
 * that no agent can become (gateway/audit.ts).
 *
 * The guarantee. Before a tool runs, its call (name, hash and preview of its arguments), and everything that
 * was noted before, was accepted by the gateway, or lies on the agent's disk for it because the gateway was
 * away; where neither can be had, the tool does not run. The same holds for the outcome of an attempt before
 * its task is settled. What comes after a call, its result and what becomes of the task, is sent within
 * a moment: a kill -9 in between loses at most that from the trail, and the journal has it.
 *
 * Accepted means written: it survives the end of the gateway, and of the whole machine 50 ms later. What lies on
 * the agent's disk is the agent's to destroy. Numbers (`n` within `stream`) make a lost or doubled event be
 * seen; more than `bounds` are not kept, and their count is sent. A runner that was taken over can keep silent
 * or lie about itself, under its own name and from then on. Never: throws for a gateway that is away; sends
 * anything while nothing happens.
 */
import { randomBytes } from "node:crypto";
import type { Disk } from "../system/disk.ts";
import { errnoOf } from "../system/disk.ts";
import type { Log } from "../system/log.ts";
import type { RunnerEvent } from "./audit/events.ts";
import { readKept, removeKept, writeKept } from "./audit/kept.ts";
import type { PostEvents } from "./audit/post.ts";

export type { RunnerEvent } from "./audit/events.ts";

/** `kept`: on the agent's disk. `lost`: nowhere but in memory. */
export type Whereabouts = "accepted" | "kept" | "lost";

export interface AuditTrail {
  /** Sent a moment later, together with others. */
  readonly note: (...events: readonly RunnerEvent[]) => void;
  /** Sees to it that all that was noted is accepted or kept. */
  readonly settle: () => Promise<Whereabouts>;
}

export interface TrailParts {
  readonly disk: Disk;
  /** See audit/kept.ts. */
  readonly keptPath: string;
  readonly post: PostEvents;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export const bounds = { events: 2_000, bytes: 1 << 20 } as const;
const batch = { events: 200, bytes: 60 << 10 } as const;
/** Events that nobody waits for are sent together. */
const lazyMs = 200;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

class Trail implements AuditTrail {
  readonly #parts: TrailParts;
  readonly #stream = randomBytes(8).toString("hex");
  #n = 0;
  /** JSON texts, the oldest first. */
  #queue: string[];
  #bytes: number;
  /** What the file holds is not what is to be sent. */
  #stale = false;
  #lost = 0;
  #sending: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #awayUntil = 0;
  #pauseMs = firstPauseMs;

  constructor(parts: TrailParts) {
    this.#parts = parts;
    this.#queue = keptFrom(parts);
    this.#bytes = this.#queue.reduce((sum, text) => sum + text.length, 0);
  }

  note(...events: readonly RunnerEvent[]): void {
    for (const event of events) this.#add(event);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (this.#mayTry()) void this.#send();
    }, lazyMs);
  }

  async settle(): Promise<Whereabouts> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#sending !== null || this.#mayTry()) await this.#send();
    return this.#queue.length === 0 ? "accepted" : this.#keep();
  }

  #add(event: RunnerEvent, force = false): void {
    const full = this.#queue.length >= bounds.events || this.#bytes >= bounds.bytes;
    if (full && !force) {
      this.#lost += 1;
      return;
    }
    this.#n += 1;
    const text = JSON.stringify({ ...event, stream: this.#stream, n: this.#n });
    this.#queue.push(text);
    this.#stale = true;
    this.#bytes += text.length;
  }

  #mayTry(): boolean {
    return this.#queue.length > 0 && this.#parts.now() >= this.#awayUntil;
  }

  #send(): Promise<void> {
    this.#sending ??= this.#sendBatch().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #sendBatch(): Promise<void> {
    const texts = firstOf(this.#queue);
    const posted = await this.#parts.post(texts);
    if (posted.kind === "away") return this.#isAway(posted.why);
    this.#awayUntil = 0;
    this.#pauseMs = firstPauseMs;
    this.#queue.splice(0, texts.length);
    this.#stale = true;
    this.#bytes -= texts.reduce((sum, text) => sum + text.length, 0);
    if (posted.kind === "refused") this.#lost += texts.length;
    const [why] = posted.kind === "refused" ? [posted.why] : posted.refused;
    if (why !== undefined) this.#parts.log.warn("the audit trail refuses an event", { why });
    this.#confess();
    if (this.#queue.length === 0) this.#forgetKept();
  }

  #isAway(why: string): void {
    this.#awayUntil = this.#parts.now() + this.#pauseMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs);
    this.#parts.log.warn("the audit trail waits for the gateway", { why });
  }

  #confess(): void {
    if (this.#lost === 0) return;
    const count = this.#lost;
    this.#lost = 0;
    this.#add({ kind: "lost", count, why: "more than a runner keeps, or refused" }, true);
  }

  #keep(): Whereabouts {
    const { disk, keptPath, log } = this.#parts;
    this.#confess();
    if (!this.#stale) return "kept";
    try {
      writeKept(disk, keptPath, this.#queue);
      this.#stale = false;
      return "kept";
    } catch (error) {
      if (errnoOf(error) === null) throw error;
      log.error("events for the audit trail can be kept nowhere", { why: String(error) });
      return "lost";
    }
  }

  #forgetKept(): void {
    try {
      removeKept(this.#parts.disk, this.#parts.keptPath);
      this.#stale = false;
    } catch (error) {
      if (errnoOf(error) === null) throw error;
      // They are sent once more, and known by their numbers.
      this.#parts.log.warn("kept events could not be removed", { why: String(error) });
    }
  }
}

/** Whatever lies in their place is no reason not to work. */
function keptFrom({ disk, keptPath, log }: TrailParts): string[] {
  try {
    return readKept(disk, keptPath);
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    log.error("kept events for the audit trail cannot be read", { why: String(error) });
    return [];
  }
}

function firstOf(queue: readonly string[]): string[] {
  let bytes = 0;
  const fits = queue.findIndex((text) => {
    bytes += Buffer.byteLength(text) + 1;
    return bytes > batch.bytes;
  });
  return queue.slice(0, Math.min(batch.events, fits < 0 ? queue.length : Math.max(fits, 1)));
}

export const createTrail = (parts: TrailParts): AuditTrail => new Trail(parts);
