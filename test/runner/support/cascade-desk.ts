/** An agent with a cascade on a real disk, at a time that the test sets. */
import { randomBytes, randomUUID } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach } from "vitest";
import { decodeLines, type JournalLine } from "../../../src/agent/journal.ts";
import { noBudget, noMay } from "../../../src/config/authority.ts";
import type { AgentRuntime } from "../../../src/config/runtime.ts";
import type { Cascade } from "../../../src/config/types.ts";
import type { ModelRequest, StreamModel } from "../../../src/model/types.ts";
import { createAttempt } from "../../../src/runner/attempt.ts";
import type { AttemptWorld } from "../../../src/runner/attempt-world.ts";
import { cascadePath } from "../../../src/runner/cascade.ts";
import { agentPaths } from "../../../src/spool/layout.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import { createLog } from "../../../src/system/log.ts";
import type { Outcome, Task } from "../../../src/task/task.ts";
import { builtinTools } from "../../../src/tools/registry.ts";
import { aTask, validateWithAjv } from "../../agent/support/scripted.ts";

/** Where it lives, and its clock. */
export const at = { root: "", handbook: "", now: Date.parse("2026-01-01T00:00:00Z") };

/** Call it once in each file. */
export function useDesk(): void {
  beforeEach(() => {
    at.root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "con-cascade-")));
    at.handbook = path.join(at.root, "artifacts/handbook");
    fs.mkdirSync(at.handbook, { recursive: true });
    for (const part of ["inbox", "queue/held", "workspace", "state", "tools"])
      fs.mkdirSync(path.join(at.root, "agents/desk", part), { recursive: true });
  });
  afterEach(() => fs.rmSync(at.root, { recursive: true, force: true }));
}

export const off: Cascade = {
  reflex: false,
  cache: null,
  documents: null,
  route: null,
  escalate: false,
  learn: false,
};
export const cached: Cascade = {
  ...off,
  cache: { exact: true, semantic: 0.95, ttlSeconds: 3600, max: 200 },
};

export const agentWith = (
  cascade: Cascade | null,
  change: Partial<AgentRuntime> = {},
): AgentRuntime => ({
  version: 1,
  name: "desk",
  uid: 1,
  tier: "operator",
  model: "smart",
  inboxes: [],
  trustedUids: [],
  taskerUids: [],
  may: noMay,
  approval: [],
  budget: noBudget,
  can: {
    task: [],
    read: [at.handbook],
    write: [],
    network: [],
    tools: ["read_file", "agents", "shell"],
    models: ["fast", "expert"],
  },
  limits: {
    memory: "2G",
    cpu: "200%",
    tasks: 64,
    runtimeSeconds: 60,
    steps: 10,
    reviewEvery: 100,
    askAfter: 300,
  },
  schedule: null,
  instructions: "",
  skills: [],
  ...(cascade === null ? {} : { cascade }),
  ...change,
});

/** Numbers its answers, so that one which comes again shows. */
export function countingModel(turns: Partial<Record<string, unknown>> = {}) {
  const requests: ModelRequest[] = [];
  const model: StreamModel = async function* (request) {
    requests.push(request);
    const isFirst = !request.messages.some(({ role }) => role === "assistant");
    const toolCalls = isFirst ? ((turns["calls"] ?? []) as []) : [];
    const text =
      toolCalls.length > 0 ? "" : `This is answer number ${requests.length} of the model.`;
    const usage = { input: 10, output: 5 };
    yield { kind: "reply", reply: { text, toolCalls, model: request.model, usage, costUsd: 1 } };
  };
  return { model, requests };
}

export function deskWith(
  cascade: Cascade | null,
  model: StreamModel,
  change: Partial<AttemptWorld> & { readonly agent?: AgentRuntime } = {},
) {
  const attempt = createAttempt({
    disk: nodeDisk,
    now: () => at.now,
    randomBytes: (count) => randomBytes(count),
    mailboxOf: (name) => ({ inbox: agentPaths(at.root, name).inbox, bell: null }),
    log: createLog(() => undefined),
    system: {
      ...{ version: 1, name: "test", root: at.root, frontDesk: "desk", gateway: "/nowhere" },
      ...{ agents: [], models: ["smart"] },
    },
    agent: agentWith(cascade),
    paths: agentPaths(at.root, "desk"),
    model,
    tools: builtinTools(),
    validate: validateWithAjv(builtinTools()),
    clock: {
      now: () => at.now,
      deadline: () => ({ signal: new AbortController().signal, clear: () => undefined }),
    },
    instructions: "Be kind.",
    isolation: "bwrap",
    ...change,
  });
  return (task: Task): Promise<Outcome> =>
    attempt(task, { signal: new AbortController().signal, attempts: 1 });
}

const from = (uid: number): Partial<Task> => ({
  from: { uid, name: `user-${uid}`, agent: null },
  trust: uid === 0 || uid === 7 ? "verified" : "unverified",
});
export const taskOf = (text: string, uid = 0, change: Partial<Task> = {}): Task =>
  aTask(text, { id: randomUUID(), ...from(uid), ...change });

export const answerOf = (outcome: Outcome): string =>
  "answer" in outcome ? outcome.answer : outcome.kind;
const linesOf = (task: Task): readonly JournalLine[] => {
  const file = path.join(agentPaths(at.root, "desk").journal, `${task.id}.jsonl`);
  const decoded = decodeLines(fs.readFileSync(file, "utf8"));
  if (!decoded.ok) throw new Error(decoded.why);
  return decoded.lines;
};
export const looksOf = (task: Task): string[] =>
  linesOf(task).flatMap((line) =>
    line.kind === "cascade" ? [`${line.layer} ${line.verdict}`] : [],
  );
export const database = () => cascadePath(agentPaths(at.root, "desk"));

export const question = "What is the capital of France called?";
