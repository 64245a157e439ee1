/** The memory of an agent on a real disk, with a scripted model, and tasks of several senders that end as said. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { AgentRuntime } from "../../../src/config/runtime.ts";
import type { MemoryWorld } from "../../../src/runner/memory/world.ts";
import { type AgentMemory, createMemory } from "../../../src/runner/memory.ts";
import { agentPaths } from "../../../src/spool/layout.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import { createLog } from "../../../src/system/log.ts";
import type { Task } from "../../../src/task/task.ts";
import type { Caller } from "../../../src/tools/desks.ts";
import type { ToolResult } from "../../../src/tools/result.ts";
import { aTask, type Step, scriptedModel } from "../../agent/support/scripted.ts";
import { agentRuntime } from "../../support/agent-runtime.ts";

const memoryTools = ["remember", "recall", "forget", "verify", "memories"];
const now = Date.parse("2027-03-04T12:00:00Z");

const anna = { uid: 1000, name: "anna", agent: null };
export const mallory = { uid: 1666, name: "mallory", agent: null };
export const peer = { uid: 2002, name: "a-peer", agent: "peer" };

export interface Bed {
  readonly root: string;
  readonly logged: string[];
  readonly paths: MemoryWorld["paths"];
  readonly memory: (steps?: readonly Step[], about?: Partial<AgentRuntime>) => AgentMemory;
  readonly model: () => ReturnType<typeof scriptedModel>;
  readonly trusted: (text: string, more?: Partial<Task["request"]>) => Task;
  readonly stranger: (text: string, more?: Partial<Task["request"]>, from?: Task["from"]) => Task;
  /** Publishes what a task ended with, as settling does. */
  readonly ended: (task: Task, answer: string, status?: string) => void;
}

export function bed(): Bed {
  let root = "";
  let count = 0;
  let model = scriptedModel([]);
  const opened: AgentMemory[] = [];
  const logged: string[] = [];
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "con-mind-"));
    logged.length = 0;
    count = 0;
    const paths = agentPaths(root, "desk");
    for (const part of [paths.state, paths.workspace, paths.outbox, paths.processed])
      fs.mkdirSync(part, { recursive: true });
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.settle();
    fs.rmSync(root, { recursive: true, force: true });
  });
  const task = (text: string, about: Partial<Task>, request: Partial<Task["request"]>): Task => {
    count += 1;
    const id = `01900000-0000-7000-8000-${String(count).padStart(12, "0")}`;
    const base = aTask(text, { id, ...about });
    return { ...base, request: { ...base.request, ...request } };
  };
  const bed: Bed = {
    get root() {
      return root;
    },
    logged,
    get paths() {
      return agentPaths(root, "desk");
    },
    model: () => model,
    memory: (steps = [], about = {}) => {
      model = scriptedModel(steps);
      const agent = agentRuntime({
        name: "desk",
        can: { task: [], read: [], write: [], network: [], tools: memoryTools, models: [] },
        ...about,
      });
      const made = createMemory({
        disk: nodeDisk,
        now: () => now,
        log: createLog((line) => logged.push(line)),
        agent,
        paths: bed.paths,
        model,
        gateway: "/nowhere",
        nonce: () => "0123456789abcdef0123456789abcdef",
      });
      opened.push(made);
      return made;
    },
    trusted: (text, more = {}) => task(text, { from: anna, trust: "verified" }, more),
    stranger: (text, more = {}, from = mallory) => task(text, { from, trust: "unverified" }, more),
    ended: ({ id }, answer, status = "done") => {
      const finished = new Date(now + Number(id.slice(-6)) * 1000).toISOString();
      const record = { id, status, finished_at: finished };
      fs.writeFileSync(path.join(bed.paths.outbox, `${id}.json`), JSON.stringify(record));
      fs.writeFileSync(path.join(bed.paths.outbox, `${id}.response`), `${answer}\n`);
    },
  };
  return bed;
}

export const signal = new AbortController().signal;

/** The call that asks. */
export const by = (callId: string, tainted = false): Caller => ({ callId, tainted });

export const fact = (title: string, text: string) =>
  ({ category: "policy", title, text, kind: "fact", replaces: [], expires: null }) as const;

export const search = (query: string, includePast = false) => ({
  query,
  category: null,
  kind: null,
  includePast,
});

/** Id of what was kept. */
export function keptAs({ ok, text }: ToolResult): string {
  const id = /kept as (m\d+)/.exec(text)?.[1];
  if (!ok || id === undefined) throw new Error(text);
  return id;
}

/** The lines of JSON between the markers. */
export const hitsIn = (text: string): Record<string, unknown>[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

export const textOf = (sections: readonly { readonly text: string }[]): string =>
  sections.map(({ text }) => text).join("\n");
