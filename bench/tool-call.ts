/**
 * What a tool call costs of our own, without the tool: bookkeeping, validation, and the journal's
 * lines with their syncs. The model answers at once and the tool does nothing. Target: ≤ 5 ms.
 *
 * Usage: node bench/tool-call.ts [CALLS] [DIRECTORY]. The directory decides which disk is measured.
 */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { runTask } from "../src/agent/loop.ts";
import type { RunOptions } from "../src/agent/run.ts";
import { validators } from "../src/generated/tool-validators.js";
import type { ModelEvent, StreamModel } from "../src/model/types.ts";
import { openJournal } from "../src/runner/journal-file.ts";
import { nodeDisk } from "../src/system/disk.ts";
import { requestOf } from "../src/task/codec.ts";
import { builtinTools } from "../src/tools/registry.ts";
import type { Tool } from "../src/tools/tool.ts";

const calls = Number(process.argv[2] ?? 200);
const root = fs.mkdtempSync(join(process.argv[3] ?? tmpdir(), "con-tool-call-"));

/** Moments at which the tool began and ended: what lies between an end and a beginning is ours. */
const began: number[] = [];
const ended: number[] = [];
let syncs = 0;

const disk = {
  ...nodeDisk,
  sync(fd: number) {
    syncs += 1;
    nodeDisk.sync(fd);
  },
};

const model: StreamModel = async function* ({ messages }): AsyncGenerator<ModelEvent> {
  const step = messages.filter(({ role }) => role === "assistant").length;
  const call = {
    id: `c${step}`,
    name: "shell",
    arguments: JSON.stringify({ command: `echo ${step}` }),
  };
  const usage = { input: 1, output: 1 };
  const reply = { text: "", toolCalls: [call], model: "bench", usage, costUsd: 0 };
  const last = { ...reply, text: "done", toolCalls: [] };
  yield { kind: "reply", reply: step < calls ? reply : last };
};

const tools: Tool[] = builtinTools().map((tool) => ({
  ...tool,
  async run() {
    began.push(performance.now());
    ended.push(performance.now());
    return { ok: true, text: "x".repeat(5000) };
  },
}));

const options = {
  persona: {
    name: "bench",
    system: "bench",
    instructions: "",
    skills: [],
    workspace: root,
    readable: [],
    writable: [],
  },
  textPath: null,
  model: "bench",
  limits: { steps: calls + 1, runtimeSeconds: 600, answerChars: 1000, callsPerTurn: 8 },
  context: {} as RunOptions["context"],
  signal: new AbortController().signal,
};

const task = {
  id: "01900000-0000-7000-8000-000000000000",
  from: { uid: 0, name: "root", agent: null },
  trust: "verified",
  receivedAt: new Date(0).toISOString(),
  size: 1,
  request: requestOf("Work."),
} as const;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function measure(): Promise<void> {
  const journal = openJournal(disk, join(root, "journal"), task.id);
  if (!journal.ok) throw new Error(journal.why);
  const deps = {
    model,
    tools,
    validate: (name: string, args: unknown) => (validators[name]?.(args) === true ? null : "bad"),
    journal: journal.writer,
    clock: {
      now: Date.now,
      deadline: () => ({ signal: new AbortController().signal, clear: () => undefined }),
    },
    nonce: () => randomBytes(16).toString("hex"),
  };
  const before = syncs;
  await runTask(deps, task, { ...options, completion: null, history: journal.lines });
  journal.close();
  const own = began.slice(1).map((start, n) => start - (ended[n] ?? start));
  const result = {
    bench: "tool-call",
    calls,
    own_ms_median: Number(median(own).toFixed(3)),
    own_ms_p99: Number([...own].sort((a, b) => a - b)[Math.floor(own.length * 0.99)]?.toFixed(3)),
    syncs_per_call: Number(((syncs - before) / calls).toFixed(2)),
    target_ms: 5,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

try {
  await measure();
} finally {
  fs.rmSync(root, { recursive: true, force: true });
}
