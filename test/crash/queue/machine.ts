/** One agent with its inbox, and whoever sends, floods, cancels, turns the clock and pulls the plug. */
import { createHints } from "../../../src/runner/inbox-watch.ts";
import { type Attempt, runSession } from "../../../src/runner/session.ts";
import type { SessionWorld } from "../../../src/runner/world.ts";
import { deliver } from "../../../src/spool/deliver.ts";
import { agentPaths } from "../../../src/spool/layout.ts";
import { ConError } from "../../../src/system/errors.ts";
import { requestOf } from "../../../src/task/codec.ts";
import type { Request } from "../../../src/task/task.ts";
import { createLines, tally } from "../../spool/support/fixture.ts";
import { Crash } from "../../spool/support/memory-disk.ts";
import { agentRuntime } from "../../support/agent-runtime.ts";
import { CutDisk } from "../support/cut-disk.ts";
import type { Way } from "../support/ways.ts";
import { createModel, type Plan, type Status } from "./model.ts";

export type Event =
  | { readonly kind: "send"; readonly task: number; readonly plan: Plan; readonly by: number }
  | { readonly kind: "flood"; readonly count: number; readonly by: number }
  | { readonly kind: "cancel" | "retry"; readonly task: number }
  | { readonly kind: "clock"; readonly minutes: number }
  | { readonly kind: "session" }
  /** The next session, or the next send, is cut. */
  | { readonly kind: "cut"; readonly way: Way; readonly at: number };

const me = agentPaths("/r", "me");
const senders = [7001, 7002, 7003];
const minute = 60_000;
const agent = agentRuntime({ inboxes: [me.inbox], taskerUids: senders });
const idOf = (number: number): string =>
  `01890a5d-ac96-774b-bcce-${String(number).padStart(12, "0")}`;

export class QueueMachine {
  readonly disk = new CutDisk([
    ...[me.inbox, me.outbox, me.processed, me.state, me.journal, "/told"],
    ...Object.values(me.queue),
  ]);
  readonly model = createModel();
  readonly #log = createLines().log;
  readonly #owner = new Map<string, number>();
  readonly #attempts = new Map<string, number>();
  readonly #plans = new Map<string, Plan>();
  /** Work that was done after its task had ended. */
  readonly late: string[] = [];
  #clock = Date.parse("2027-01-05T12:00:00Z");
  #next = 1000;
  #random = 0;

  #world(): SessionWorld {
    return {
      disk: this.disk.disk(),
      root: "/r",
      now: () => this.#clock,
      randomBytes: (size) => {
        this.#random += 1;
        return new Uint8Array(size).fill(this.#random % 256).fill(this.#random >> 8, 0, 3);
      },
      log: this.#log,
      senderOf: (uid) => ({ uid, name: `agent-${uid}`, agent: `agent-${uid}` }),
      mailboxOf: () => ({ inbox: "/told", bell: null }),
      lease: () => Promise.resolve(null),
      loadYaml: () => Promise.reject(new Error("not needed")),
      progress: () => 0,
      stop: new AbortController().signal,
      lingerMs: 0,
      lock: () => Promise.resolve({ release: () => undefined }),
      watch: () => ({ ...createHints(), close: () => undefined }),
    };
  }

  readonly #attempt: Attempt = ({ id }) => {
    const plan = this.#plans.get(id) ?? "done";
    const made = (this.#attempts.get(id) ?? 0) + 1;
    this.#attempts.set(id, made);
    if (this.disk.text(`${me.outbox}/${id}.json`) !== null) this.late.push(id);
    if (plan === "defers" && made < 3)
      return Promise.resolve({ kind: "defer", why: "later", notBefore: null, tally });
    if (plan === "fails")
      return Promise.resolve({ kind: "failed", why: "it cannot be done", answer: "no", tally });
    return Promise.resolve({ kind: "done", answer: `did ${id}`, tally });
  };

  async happen(event: Event): Promise<void> {
    switch (event.kind) {
      case "send":
        return this.#send(idOf(event.task), event.plan, this.#ownerOf(event.task, event.by));
      case "flood":
        for (let left = event.count; left > 0; left -= 1)
          this.#send(this.#freshId(), "done", senders[event.by] ?? 0);
        return;
      case "cancel":
      case "retry":
        return this.#say(event.kind, idOf(event.task));
      case "clock":
        this.#clock += event.minutes * minute;
        return;
      case "session":
        return this.#session();
      case "cut":
        return this.#cut(event.way, event.at);
    }
  }

  #freshId(): string {
    this.#next += 1;
    return idOf(this.#next);
  }

  /** The same id has one sender: others are strangers to it (claim.ts), which has tests of its own. */
  #ownerOf(task: number, by: number): number {
    const id = idOf(task);
    const owner = this.#owner.get(id) ?? senders[by] ?? 0;
    this.#owner.set(id, owner);
    return owner;
  }

  #send(id: string, wanted: Plan, uid: number): void {
    // While it lies there its sender sees that, and does not send it again.
    if (this.disk.names(me.inbox).includes(`${id}.task`)) return;
    const plan = this.#plans.get(id) ?? wanted;
    this.#plans.set(id, plan);
    this.#owner.set(id, uid);
    this.model.sent(id, plan, false);
    if (this.#deliver(requestOf(`work of ${uid}`), id, uid)) this.model.sent(id, plan, true);
  }

  #say(verb: "cancel" | "retry", about: string): void {
    const uid = this.#owner.get(about);
    if (uid === undefined) return;
    if (verb === "cancel") this.model.cancelled(about);
    const id = this.#freshId();
    // Its own end is that of a control file: done, or refused because there is nothing to do it to.
    this.model.sent(id, "done", false);
    this.model.crashed([id]);
    if (this.#deliver(requestOf("", { control: { verb, id: about } }), id, uid))
      this.model.sent(id, "done", true);
  }

  #deliver(request: Request, id: string, uid: number): boolean {
    const { uid: own } = this.disk;
    this.disk.uid = uid;
    try {
      deliver(this.#world(), me.inbox, request, { id });
      return true;
    } catch (error) {
      if (error instanceof Crash || error instanceof ConError) return false;
      throw error;
    } finally {
      this.disk.uid = own;
    }
  }

  async #session(): Promise<void> {
    try {
      await runSession(this.#world(), agent, this.#attempt);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }

  /** Something arrives and a session runs, until it is cut; then the machine is started again. */
  async #cut(way: Way, at: number): Promise<void> {
    this.disk.arm(way, at);
    this.#send(this.#freshId(), "done", senders[at % senders.length] ?? 0);
    await this.#session();
    this.disk.restart();
    // A task that was at work whenever the machine died is given up in the end.
    this.model.crashed(this.model.ids());
  }

  /** All retries are made, all waits are over. */
  async end(): Promise<void> {
    for (let round = 0; round < 12; round += 1) {
      this.#clock += 3 * 60 * minute;
      await this.#session();
    }
  }

  /** How often each task ended, as its sender was told. */
  ends(): Map<string, Status[]> {
    const found = new Map<string, Status[]>();
    for (const name of this.disk.names(me.outbox).filter((one) => one.endsWith(".json"))) {
      const { id, status } = JSON.parse(this.disk.text(`${me.outbox}/${name}`) ?? "") as {
        readonly id: string;
        readonly status: Status;
      };
      found.set(id, [...(found.get(id) ?? []), status]);
    }
    return found;
  }

  /** What is wrong with the whole of it, or null. */
  trouble(): string | null {
    const names = (path: string): string[] =>
      this.disk.names(path).filter((name) => !name.startsWith("."));
    const left = [me.inbox, me.queue.active, me.queue.deferred, me.queue.held].flatMap(names);
    if (left.length > 0) return `left over: ${left.join(" ")}`;
    if (this.late.length > 0) return `worked on after its end: ${this.late.join(" ")}`;
    const ends = this.ends();
    const put = [...names(me.processed), ...names(me.queue.failed)].sort();
    const wanted = [...ends.keys()].map((id) => `${id}.task`).sort();
    if (put.join() !== wanted.join())
      return `${wanted.length} ended and ${put.length} were put away: ${put.join(" ")}`;
    const half = [...ends.keys()].find(
      (id) => this.disk.text(`${me.outbox}/${id}.response`) === null,
    );
    return half === undefined ? this.model.troubleWith(ends) : `${half} has no response`;
  }
}
