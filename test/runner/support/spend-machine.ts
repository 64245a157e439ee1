/**
 * One machine with an agent whose task costs more than it may: the real session, loop, journal and question on a
 * disk that can die; gateway, steward and people are a few lines that remember, as the real ones do.
 */
import { expect } from "vitest";
import type { ModelEvent, ModelRequest } from "../../../src/model/types.ts";
import { spendingGate } from "../../../src/runner/approval/spend.ts";
import { createAttempt } from "../../../src/runner/attempt.ts";
import { createHints } from "../../../src/runner/inbox-watch.ts";
import { journalProgress } from "../../../src/runner/journal-file.ts";
import { runSession } from "../../../src/runner/session.ts";
import type { SessionWorld } from "../../../src/runner/world.ts";
import { deliver } from "../../../src/spool/deliver.ts";
import { agentPaths } from "../../../src/spool/layout.ts";
import { createParser } from "../../../src/steward/request.ts";
import type { SpendWish } from "../../../src/steward/types.ts";
import { requestOf } from "../../../src/task/codec.ts";
import { derivedId, timeOfId } from "../../../src/task/id.ts";
import type { Request } from "../../../src/task/task.ts";
import { stewardMark } from "../../../src/task/trust.ts";
import { call, countingTool, validateWithAjv } from "../../agent/support/scripted.ts";
import { createLines } from "../../spool/support/fixture.ts";
import { MemoryDisk } from "../../spool/support/memory-disk.ts";
import { agentRuntime } from "../../support/agent-runtime.ts";

export const me = agentPaths("/r", "me");
const steward = { inbox: "/steward/inbox", outbox: "/steward/outbox" };
export const taskId = "01890a5d-ac96-774b-bcce-b30200000001";
export const controlId = "01890a5d-ac96-774b-bcce-b30200000002";
const hour = 3_600_000;

export type Course = "approved" | "denied" | "nobody";

const agent = agentRuntime({
  inboxes: [me.inbox],
  can: { task: [], read: [], write: [], network: [], tools: ["note"], models: [] },
  limits: { memory: "1G", cpu: "100%", tasks: 64, runtimeSeconds: 60, steps: 20 },
  approval: [{ tool: "spend", approvers: 1, expirySeconds: 24 * 3600 }],
});

const parse = createParser();
const tools = [countingTool("note").tool];
const validate = validateWithAjv(tools);

export class SpendMachine {
  readonly memory = new MemoryDisk([
    ...[me.inbox, me.outbox, me.processed, me.state, me.journal, `${me.state}/journal`],
    ...[...Object.values(me.queue), ...Object.values(steward)],
  ]);
  course: Course;
  clock = Date.now();
  /** Of the gateway: slices that are allowed, and calls that it answered, by what each needed. */
  allowed = 0;
  readonly answered: number[] = [];
  /** Of the steward: questions, and which were decided. */
  readonly questions = new Map<string, SpendWish>();
  readonly #decided = new Map<string, string>();

  constructor(course: Course) {
    this.course = course;
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
      log: createLines().log,
      senderOf: () => ({ uid: 0, name: "root", agent: null }),
      mailboxOf: () => null,
      lease: () => Promise.resolve(null),
      loadYaml: () => Promise.reject(new Error("not needed")),
      progress: (id) => journalProgress(this.memory.disk(), me.journal, id),
      stop: new AbortController().signal,
      lingerMs: 0,
      lock: () => Promise.resolve({ release: () => undefined }),
      watch: () => ({ ...createHints(), close: () => undefined }),
    };
  }

  /** The n-th call needs n-1 slices beyond the first. */
  readonly #model = async function* (
    this: SpendMachine,
    { messages }: ModelRequest,
  ): AsyncGenerator<ModelEvent> {
    const slice = messages.filter(({ role }) => role === "assistant").length;
    if (slice > this.allowed) {
      const amounts = { limit: 0.5, spent: 0.4 * slice, allowed: this.allowed, slice };
      const needs = { agent: "me", task: taskId, unit: "usd", ...amounts } as const;
      const message = "people must agree first";
      const error = { kind: "permanent", status: 402, message, retryAfterSeconds: null } as const;
      yield { kind: "error", error: { ...error, needs } };
      return;
    }
    this.answered.push(slice);
    const toolCalls = slice === 2 ? [] : [call("note", { text: `n${slice}` }, `id-${slice}`)];
    const usage = { input: 100, output: 10 };
    const reply = { text: "the end", toolCalls, model: "m", usage, costUsd: 0.4 };
    yield { kind: "reply", reply };
  }.bind(this);

  session(): Promise<number> {
    const world = this.world();
    const attempt = createAttempt({
      ...world,
      system: {
        version: 1,
        name: "test",
        root: "/r",
        frontDesk: "me",
        gateway: "",
        agents: [],
        models: [],
      },
      agent,
      paths: me,
      isolation: "none",
      model: this.#model,
      tools,
      validate,
      clock: {
        now: () => this.clock,
        deadline: () => ({ signal: new AbortController().signal, clear: () => undefined }),
      },
      instructions: "",
      askSpendingOf: (task) => spendingGate({ ...world, agent, paths: me, places: steward }, task),
    });
    return runSession(world, agent, attempt);
  }

  send(request: Request, id: string): void {
    deliver(this.world(), me.inbox, request, { id });
  }

  /** What the steward does with each request, and what people say: before the agent is told, it holds. */
  decide(): void {
    const disk = this.memory.disk();
    for (const name of disk.list(steward.inbox).filter((one) => !one.startsWith("."))) {
      const parsed = parse(Buffer.from(this.memory.text(`${steward.inbox}/${name}`) ?? ""));
      if (!parsed.ok) throw new Error(parsed.why);
      if (parsed.request.verb !== "ask_approval") throw new Error(parsed.request.verb);
      const id = name.replace(/\.json$/, "");
      const { spend } = parsed.request;
      if (spend === undefined) throw new Error("no wish");
      this.questions.set(id, spend);
      if (this.course === "approved") {
        this.allowed = Math.max(this.allowed, spend.slice);
        this.#decided.set(id, "done\napproved by trent");
      } else if (this.course === "denied")
        this.#decided.set(id, "refused\ndenied by trent: too much");
      const word = this.#decided.get(id);
      const answer = derivedId(timeOfId(id), ["steward-answer", id]);
      if (word !== undefined)
        this.send(requestOf(word, { replyTo: id, extra: stewardMark }), answer);
      disk.unlink(`${steward.inbox}/${name}`);
    }
  }

  /** All of it; once more after a crash, as senders, people and the sweep would. */
  async live(): Promise<void> {
    if (this.response() === null) this.send(requestOf("work"), taskId);
    for (let round = 0; round < 8 && !(round > 0 && this.#isOver()); round += 1) {
      await this.session();
      this.decide();
      this.clock += this.course === "nobody" ? 9 * hour : hour / 4;
    }
    await this.session();
  }

  #isOver(): boolean {
    const { active, deferred, held } = me.queue;
    const waiting = [active, deferred, held, me.inbox].flatMap((path) => this.memory.names(path));
    return this.response() !== null && !waiting.some((name) => name.endsWith(".task"));
  }

  response(): string | null {
    return this.memory.text(`${me.outbox}/${taskId}.response`);
  }

  journal(): string {
    return this.memory.text(`${me.journal}/${taskId}.jsonl`) ?? "";
  }

  /** One end, the right one; one question for each slice; nothing paid for without a word. */
  expectEnded(context: string): void {
    expect(this.response(), context).toMatch(ends[this.course]);
    for (const folder of ["active", "deferred", "held"] as const)
      expect(this.memory.names(me.queue[folder]), `${context}: ${folder}`).toEqual([]);
    const slices = [...this.questions.values()].map(({ slice }) => slice).sort();
    expect(slices, context).toEqual(this.course === "approved" ? [1, 2] : [1]);
    const most = this.course === "approved" ? 2 : 0;
    expect(Math.max(...this.answered), context).toBe(most);
    const responses = this.memory.names(me.outbox).filter((name) => name.endsWith(".response"));
    expect(
      responses.filter((name) => name.startsWith(taskId)),
      context,
    ).toHaveLength(1);
  }
}

const ends: Readonly<Record<Course, RegExp>> = {
  approved: /^the end\n$/,
  denied:
    /^This task failed: spending another 0\.50 USD \(beyond 0\.50 USD\) was not approved: denied by trent: too much\.\n\nSpent on this task: 0\.40 USD\. Its own answers: 110 tokens in one model call\./,
  nobody: /was not approved: nobody approved it: the time for it is over\./,
};
