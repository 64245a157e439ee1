/**
 * An agent with some tasks that ask others, and everything that may happen to them in any order. The
 * journals are values that survive a crash; the disk is one that dies.
 */
import { expect } from "vitest";
import { createHints } from "../../../src/runner/inbox-watch.ts";
import { type Attempt, runSession } from "../../../src/runner/session.ts";
import type { SessionWorld } from "../../../src/runner/world.ts";
import { deliver } from "../../../src/spool/deliver.ts";
import { expectAnswers } from "../../../src/spool/held.ts";
import { rememberSent } from "../../../src/spool/sent.ts";
import { requestOf } from "../../../src/task/codec.ts";
import type { CallHold, Woken } from "../../../src/task/hold.ts";
import type { Outcome, Request, Trust } from "../../../src/task/task.ts";
import { stewardMark } from "../../../src/task/trust.ts";
import { createLines, tally } from "./fixture.ts";
import { agent, me } from "./held-machine.ts";
import { Crash, MemoryDisk } from "./memory-disk.ts";

const minute = 60_000;
const waitMs = 60 * minute;
const people = { root: 0, steward: 0, asker: 7001, peer: 7002, mallory: 7003 } as const;
type Person = keyof typeof people;
/** Who marks what they send as an answer of the steward. */
const marking: readonly Person[] = ["steward", "mallory"];

export const taskIds = [1, 2, 3].map((n) => idOf(n, 0));
const questionOf = (task: number, call: number): string => idOf(task, call);

function idOf(task: number, call: number, nth = 0): string {
  return `01890a5d-ac96-774b-bcce-b30${nth}${task}000000${call}`;
}

/** Calls per task; the first waits for an answer of `peer`, the second for the steward's, and then it ends. */
const calls = [1, 2] as const;

export type Event =
  | { readonly kind: "task"; readonly task: number }
  | { readonly kind: "reply"; readonly task: number; readonly call: number; readonly by: Person }
  | { readonly kind: "interim"; readonly task: number; readonly call: number }
  | { readonly kind: "cancel" | "retry"; readonly task: number }
  | { readonly kind: "wait"; readonly minutes: number }
  | { readonly kind: "session" }
  | { readonly kind: "crash"; readonly after: number; readonly powerCut: boolean };

export class Story {
  readonly memory = new MemoryDisk([
    ...[me.inbox, me.outbox, me.processed, me.state, me.journal, "/asker"],
    ...Object.values(me.queue),
  ]);
  readonly log = createLines().log;
  clock = Date.now();
  #sent = 0;
  #random = 0;
  /** Per task: questions asked, and what each call came to. */
  readonly asked = new Set<string>();
  readonly results = new Map<string, string>();
  /** Replies that were delivered, by their text, and those run as tasks of their own. */
  readonly delivered = new Map<string, { id: string; by: Person; task: number; call: number }>();
  readonly ordinary = new Map<string, Trust>();

  world(): SessionWorld {
    return {
      disk: this.memory.disk(),
      root: "/r",
      now: () => this.clock,
      randomBytes: (size) => {
        this.#random += 1;
        return new Uint8Array(size).fill(this.#random % 256).fill(this.#random >> 8, 0, 3);
      },
      log: this.log,
      senderOf: (uid) => {
        const name = Object.entries(people).find(([, one]) => one === uid)?.[0] ?? `uid-${uid}`;
        return { uid, name, agent: uid === 0 ? null : name };
      },
      mailboxOf: () => ({ inbox: "/asker", bell: null }),
      lease: () => Promise.resolve(null),
      loadYaml: () => Promise.reject(new Error("not needed")),
      progress: (id) =>
        [...this.asked, ...this.results.keys()].filter((k) => k.startsWith(id)).length,
      stop: new AbortController().signal,
      lingerMs: 0,
      lock: () => Promise.resolve({ release: () => undefined }),
      watch: () => ({ ...createHints(), close: () => undefined }),
    };
  }

  readonly attempt: Attempt = (task, { woken = [] }): Promise<Outcome> => {
    // The dead do not think.
    if (this.memory.calls >= this.memory.crashAt) throw new Crash("before an attempt");
    const nth = taskIds.indexOf(task.id) + 1;
    if (nth === 0) {
      this.ordinary.set(task.request.text, task.trust);
      return Promise.resolve({ kind: "done", answer: "noted", tally });
    }
    const holds = calls.flatMap((call) => this.#advance(nth, call, task.id, woken));
    if (holds.length === 0) {
      const texts = calls.map((call) => this.results.get(`${task.id} ${call}`));
      return Promise.resolve({ kind: "done", answer: texts.join(" | "), tally });
    }
    const all = { waitFor: holds.flatMap(({ waitFor }) => waitFor), until: 0, why: "peer" };
    return Promise.resolve({ kind: "held", holds, ...all, tally });
  };

  #advance(nth: number, call: number, id: string, woken: readonly Woken[]): CallHold[] {
    const key = `${id} ${call}`;
    const question = questionOf(nth, call);
    const hold = {
      call: `1-${call}`,
      waitFor: [question],
      until: this.clock + waitMs,
      why: "peer",
    };
    if (this.results.has(key)) return [];
    if (!this.asked.has(key)) {
      if (call === 1) rememberSent(this.memory.disk(), me, question, "peer");
      expectAnswers(this.world(), me, id, hold);
      this.asked.add(key);
    }
    const back = woken.find((one) => one.call === hold.call);
    if (back === undefined) return [hold];
    this.results.set(key, back.answers.map(({ text }) => text).join() || "nothing");
    return [];
  }

  async play(events: readonly Event[]): Promise<void> {
    for (const event of events) {
      try {
        await this.#happen(event);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
    this.memory.reboot(false);
  }

  #happen(event: Event): Promise<unknown> | undefined {
    switch (event.kind) {
      case "task":
        this.#task(taskIds[event.task - 1] ?? "");
        return undefined;
      case "reply":
      case "interim":
        this.#reply(event);
        return undefined;
      case "cancel":
      case "retry": {
        const control = { verb: event.kind, id: taskIds[event.task - 1] ?? "" };
        this.#send(requestOf("", { control }), "asker");
        return undefined;
      }
      case "wait":
        this.clock += event.minutes * minute;
        return undefined;
      case "session":
        return this.session();
      case "crash":
        return this.#crash(event);
    }
  }

  /** Sent once more, perhaps; while it lies in the inbox its sender sees that. */
  #task(id: string): void {
    if (!this.memory.names(me.inbox).includes(`${id}.task`))
      this.#send(requestOf("work"), "asker", id);
  }

  async #crash({ after, powerCut }: Extract<Event, { kind: "crash" }>): Promise<void> {
    this.memory.crashAt = this.memory.calls + after;
    try {
      await this.session();
    } finally {
      this.memory.reboot(powerCut);
    }
  }

  #reply(event: Extract<Event, { kind: "reply" | "interim" }>): void {
    const { task, call } = event;
    // Who was not asked yet knows no question; a stranger may guess it.
    const by = event.kind === "reply" ? event.by : "peer";
    if (by === "peer" && !this.asked.has(`${taskIds[task - 1]} ${call}`)) return;
    this.#sent += 1;
    const text = `${event.kind} ${this.#sent} by ${by}`;
    const id = idOf(9, 1, 1).replace(/\d{4}$/, String(this.#sent).padStart(4, "0"));
    const interim = event.kind === "interim";
    const extra = marking.includes(by) ? stewardMark : {};
    this.#send(requestOf(text, { replyTo: questionOf(task, call), interim, extra }), by, id);
    this.delivered.set(text, { id, by, task, call });
  }

  #send(request: Request, by: Person, id?: string): void {
    this.memory.uid = people[by];
    try {
      deliver(this.world(), me.inbox, request, id === undefined ? {} : { id });
    } finally {
      this.memory.uid = process.getuid?.() ?? 0;
    }
  }

  session(): Promise<number> {
    const uids = Object.values(people);
    return runSession(this.world(), { ...agent, taskerUids: uids, trustedUids: [] }, this.attempt);
  }

  /** All clocks run out, all retries are made. */
  async end(): Promise<void> {
    for (let round = 0; round < 12; round += 1) {
      this.clock += 3 * waitMs;
      expect(await this.session()).toBe(0);
    }
  }

  response(id: string): string | null {
    return this.memory.text(`${me.outbox}/${id}.response`);
  }
}
