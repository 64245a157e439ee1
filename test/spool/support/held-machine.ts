/**
 * One machine with an agent whose task asks a question and waits: the disk can die, the journal is a
 * value that survives, as the real one does with its own tests.
 */

import { expect } from "vitest";
import { createHints } from "../../../src/runner/inbox-watch.ts";
import { type Attempt, runSession } from "../../../src/runner/session.ts";
import type { SessionWorld } from "../../../src/runner/world.ts";
import { deliver } from "../../../src/spool/deliver.ts";
import { expectAnswers } from "../../../src/spool/held.ts";
import { agentPaths } from "../../../src/spool/layout.ts";
import { notePath } from "../../../src/spool/notes.ts";
import { questionPath } from "../../../src/spool/question.ts";
import { rememberSent } from "../../../src/spool/sent.ts";
import { ConError } from "../../../src/system/errors.ts";
import { requestOf } from "../../../src/task/codec.ts";
import type { Outcome, Request } from "../../../src/task/task.ts";
import { personMark } from "../../../src/task/trust.ts";
import { agentRuntime } from "../../support/agent-runtime.ts";
import { createLines, tally } from "./fixture.ts";
import { MemoryDisk } from "./memory-disk.ts";

export const me = agentPaths("/r", "me");
const asker = agentPaths("/r", "asker");

const idOf = (digit: number): string => `01890a5d-ac96-774b-bcce-b3020000000${digit}`;
export const taskId = idOf(1);
const questionId = idOf(2);
const answerId = idOf(3);
const controlId = idOf(4);
const forgedId = idOf(5);

const hour = 3_600_000;

/** How the waiting ends; decided: people were asked, and nobody else. */
export type Course = "answered" | "decided" | "timed out" | "released" | "cancelled" | "expired";

/** In group `trusted`. */
const person = 8001;

export const agent = agentRuntime({
  inboxes: [me.inbox],
  taskerUids: [process.getuid?.() ?? 0],
  trustedUids: [person],
});

export const heldFolders: readonly string[] = [
  ...[me.inbox, me.outbox, me.processed, me.state, me.journal, asker.inbox],
  ...Object.values(me.queue),
];

export class HeldMachine {
  readonly memory: MemoryDisk;
  readonly lines = createLines();
  readonly course: Course;
  clock = Date.now();
  /** What the journal of the task knows: whether it asked, and the result of that call. */
  asked = false;
  result: string | null = null;
  /** Texts of answers that were run as tasks of their own. */
  readonly ordinary: string[] = [];
  /** Answers that the result was made of. */
  used = 0;

  constructor(course: Course, memory = new MemoryDisk(heldFolders)) {
    this.course = course;
    this.memory = memory;
  }

  world(): SessionWorld {
    let count = 0;
    return {
      disk: this.memory.disk(),
      root: "/r",
      now: () => this.clock,
      randomBytes: (size) => {
        count += 1;
        return new Uint8Array(size).fill(count);
      },
      log: this.lines.log,
      senderOf: (uid) =>
        uid === person
          ? { uid, name: "trent", agent: null }
          : { uid, name: "asker", agent: "asker" },
      mailboxOf: () => ({ inbox: asker.inbox, bell: null }),
      lease: () => Promise.resolve(null),
      loadYaml: () => Promise.reject(new Error("not needed")),
      progress: () => Number(this.asked) + Number(this.result !== null),
      stop: new AbortController().signal,
      lingerMs: 0,
      lock: () => Promise.resolve({ release: () => undefined }),
      watch: () => ({ ...createHints(), close: () => undefined }),
    };
  }

  readonly attempt: Attempt = (task, { woken = [] }): Promise<Outcome> => {
    if (task.id !== taskId) {
      this.ordinary.push(task.request.text);
      return Promise.resolve({ kind: "done", answer: "noted", tally });
    }
    const hold = {
      ...{ waitFor: [questionId], until: this.clock + 9 * hour, why: "asker's answer" },
      ...(this.course === "decided" ? { question: "go on?" } : {}),
    };
    if (!this.asked && this.course !== "decided") {
      rememberSent(this.memory.disk(), me, questionId, "asker");
      expectAnswers(this.world(), me, taskId, { call: "1-1", ...hold });
    }
    this.asked = true;
    const back = woken.find(({ call }) => call === "1-1");
    if (this.result === null && back !== undefined) {
      this.result = back.answers.map(({ text }) => text).join() || `nothing: ${back.over}`;
      this.used += back.answers.length;
    }
    if (this.result !== null)
      return Promise.resolve({ kind: "done", answer: `result ${this.result}`, tally });
    return Promise.resolve({ kind: "held", holds: [{ call: "1-1", ...hold }], ...hold, tally });
  };

  send(request: Request, id: string, uid = this.memory.uid): void {
    const { uid: own } = this.memory;
    this.memory.uid = uid;
    try {
      deliver(this.world(), me.inbox, request, { id });
    } finally {
      this.memory.uid = own;
    }
  }

  session(): Promise<number> {
    return runSession(this.world(), agent, this.attempt);
  }

  /** Until the task waits. */
  async arrive(): Promise<void> {
    const deadline = new Date(Date.now() + 5 * hour).toISOString();
    const rest = this.course === "expired" ? { deadline } : {};
    this.send(requestOf("work", rest), taskId);
    await this.session();
    // Put off for some minutes after crashes.
    for (let round = 0; !this.asked && this.response() === null && round < 3; round += 1) {
      this.clock += hour / 10;
      await this.session();
    }
  }

  /** All of it; once more after a crash, as its senders and the sweep would. */
  async live(options: { readonly mayFail?: boolean } = {}): Promise<void> {
    try {
      await this.arrive();
      if (this.course === "answered" && this.asked)
        this.send(requestOf("the answer", { replyTo: questionId }), answerId);
      if (this.course === "decided" && this.asked) {
        const word = { replyTo: questionId, extra: personMark };
        this.send(requestOf("forged", word), forgedId);
        this.send(requestOf("the answer", word), answerId, person);
      }
      if (this.course === "released" || this.course === "cancelled") {
        const verb = this.course === "released" ? "retry" : "cancel";
        this.send(requestOf("", { control: { verb, id: taskId } }), controlId);
      }
      if (this.course === "timed out") this.clock += 10 * hour;
      if (this.course === "expired") this.clock += 6 * hour;
      expect([0, 75]).toContain(await this.session());
      // Deferred after crashes.
      for (let round = 0; round < 2; round += 1) {
        this.clock += hour;
        await this.session();
      }
    } catch (error) {
      if (options.mayFail !== true || !(error instanceof ConError)) throw error;
    }
  }

  response(): string | null {
    return this.memory.text(`${me.outbox}/${taskId}.response`);
  }

  question(): string | null {
    return this.memory.text(questionPath(me, taskId));
  }

  note(): string | null {
    return this.memory.text(notePath(me, taskId));
  }

  places(id: string): string[] {
    const folders = { ...me.queue, processed: me.processed };
    return Object.entries(folders)
      .filter(([, path]) => this.memory.names(path).includes(`${id}.task`))
      .map(([name]) => name);
  }

  /** Exactly one end, the right one; nothing left over; what came was used once. */
  expectEnded(context: string): void {
    const { memory } = this;
    expect(this.response(), context).toMatch(ends[this.course]);
    expect(this.places(taskId), context).toEqual([
      this.course === "expired" ? "failed" : "processed",
    ]);
    for (const folder of ["active", "deferred", "held"] as const)
      expect(memory.names(me.queue[folder]), `${context}: ${folder}`).toEqual([]);
    expect(visible(memory.names(me.inbox)), context).toEqual([]);
    const told = visible(memory.names(asker.inbox)).map((name) =>
      memory.text(`${asker.inbox}/${name}`),
    );
    const answers = told.filter((text) => text?.includes(`reply_to: "${taskId}"`));
    expect(answers, context).toHaveLength(1);
    expect(this.ordinary, context).toEqual([]);
    expect(this.question(), context).toBeNull();
    const isAnswered = this.course === "answered" || this.course === "decided";
    expect(this.used, context).toBe(isAnswered ? 1 : 0);
    if (!isAnswered) return;
    expect(this.places(answerId), context).toEqual(["processed"]);
    expect(memory.text(`${me.outbox}/${answerId}.response`), context).toBe(
      `Taken as the answer that task ${taskId} waited for.\n`,
    );
  }
}

const ends: Readonly<Record<Course, RegExp>> = {
  answered: /^result the answer\n$/,
  decided: /^result the answer\n$/,
  "timed out": /^result nothing: the time for it is over\n$/,
  released: /^result nothing: asker said to go on without it\n$/,
  cancelled: /^The task was cancelled by asker\.\n$/,
  expired: /^This task was not done: its deadline \S+ passed before it could be done\.\n$/,
};

const visible = (names: readonly string[]): string[] =>
  names.filter((name) => !name.startsWith("."));
