/**
 * What the context costs of our own, without the model: each of 300 steps, in a window of 16,384 tokens and in one
 * that holds them all; and one compaction of 200,000 tokens. The model answers at once and the tool does nothing.
 *
 * Usage: node bench/context.ts [DIRECTORY]. The directory decides which disk is measured. Prints JSON.
 */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { compact } from "../src/agent/context/compact.ts";
import { loadCounter } from "../src/agent/context/tokens.ts";
import type { JournalLine } from "../src/agent/journal.ts";
import { runTask } from "../src/agent/loop.ts";
import { createRun, type RunDeps, type RunOptions } from "../src/agent/run.ts";
import type { ModelEvent, StreamModel } from "../src/model/types.ts";
import { openJournal } from "../src/runner/journal-file.ts";
import { nodeDisk } from "../src/system/disk.ts";
import { requestOf } from "../src/task/codec.ts";
import { ledgerModel, ledgerTool } from "../test/agent/support/long.ts";
import { median } from "./numbers.ts";

const steps = 300;
const root = fs.mkdtempSync(join(process.argv[2] ?? tmpdir(), "con-context-"));

const task = {
  id: "01900000-0000-7000-8000-000000000000",
  from: { uid: 0, name: "root", agent: null },
  trust: "verified",
  receivedAt: new Date(0).toISOString(),
  size: 1,
  request: requestOf("Work."),
} as const;

const persona = {
  name: "bench",
  system: "bench",
  instructions: "",
  skills: [],
  workspace: root,
  readable: [],
  writable: [],
};

function optionsFor(context: number, history: readonly JournalLine[]): RunOptions {
  return {
    history,
    persona,
    textPath: null,
    model: "bench",
    window: { context, output: null },
    limits: { steps: 10_000, runtimeSeconds: 3600, answerChars: 10_000, callsPerTurn: 8 },
    context: {} as RunOptions["context"],
    completion: null,
    signal: new AbortController().signal,
  };
}

const depsFor = (model: StreamModel, journal: RunDeps["journal"]): RunDeps => ({
  model,
  tools: [ledgerTool(() => undefined)],
  validate: () => null,
  journal,
  clock: {
    now: Date.now,
    deadline: () => ({ signal: new AbortController().signal, clear: () => undefined }),
  },
  nonce: () => randomBytes(16).toString("hex"),
});

/** Times what lies between an answer and the next request. */
function watched(model: StreamModel) {
  const gaps: { readonly ms: number; readonly isStep: boolean }[] = [];
  let inside = 0;
  let answered: number | null = null;
  const timed: StreamModel = async function* (request, signal): AsyncGenerator<ModelEvent> {
    const start = performance.now();
    if (answered !== null) gaps.push({ ms: start - answered, isStep: request.form === undefined });
    for await (const event of model(request, signal)) {
      answered = performance.now();
      inside += answered - start;
      yield event;
    }
  };
  return { timed, gaps, inside: () => inside };
}

async function perStep(context: number) {
  const journal = openJournal(nodeDisk, join(root, `journal-${context}`), task.id);
  if (!journal.ok) throw new Error(journal.why);
  const { timed, gaps } = watched(ledgerModel(steps, () => undefined));
  await runTask(depsFor(timed, journal.writer), task, optionsFor(context, []));
  journal.close();
  const own = gaps.filter(({ isStep }) => isStep).map(({ ms }) => ms);
  const sorted = [...own].sort((a, b) => a - b);
  const round = (ms = Number.NaN) => Number(ms.toFixed(2));
  return {
    window: context,
    median_ms: round(median(own)),
    p99_ms: round(sorted[Math.floor(sorted.length * 0.99)]),
    first_30_median_ms: round(median(own.slice(0, 30))),
    last_30_median_ms: round(median(own.slice(-30))),
  };
}

const tokensWanted = 200_000;
const window = 220_000;

/** A journal whose conversation has so many tokens. */
async function longHistory(): Promise<JournalLine[]> {
  const lines: JournalLine[] = [];
  const at = new Date(0).toISOString();
  const nonce = "00112233445566778899aabbccddeeff";
  const prompt = [
    { role: "system" as const, content: "bench" },
    { role: "user" as const, content: "Work." },
  ];
  lines.push({ kind: "prompt", nonce, messages: prompt, at });
  const count = await loadCounter();
  const tool = ledgerTool(() => undefined);
  for (let step = 1, tokens = 0; tokens < tokensWanted; step += 1) {
    const { text } = await tool.run({ n: step }, {} as Parameters<typeof tool.run>[1]);
    const call = { id: `c${step}`, name: "ledger", arguments: `{"n":${step}}` };
    const usage = { input: 0, output: 0 };
    lines.push({
      ...{ kind: "model-result", step, text: "", toolCalls: [call] },
      ...{ model: "bench", usage, costUsd: 0, at },
    });
    const result = { ok: true, text, interrupted: false, sent: null } as const;
    lines.push({ kind: "tool-result", step, index: 1, ...result, at });
    tokens += count(text) + 24;
  }
  return lines;
}

/** `warm`: counted step by step before, as in a task that goes on. Else as after a restart. */
async function compaction(history: readonly JournalLine[], isWarm: boolean, n: number) {
  const journal = openJournal(nodeDisk, join(root, `compaction-${n}`), task.id);
  if (!journal.ok) throw new Error(journal.why);
  const { timed, inside } = watched(ledgerModel(steps, () => undefined));
  const deps = depsFor(timed, journal.writer);
  const run = createRun(deps, task, optionsFor(window, history), new AbortController().signal);
  const measure = () => run.meter.measure(run.state.messages, { head: 2, learned: null }, true);
  if (isWarm) await measure();
  const start = performance.now();
  const before = await measure();
  const { kind } = await compact(run, before, null);
  const ms = performance.now() - start - inside();
  journal.close();
  if (kind !== "done") throw new Error(`no compaction: ${kind}`);
  return { ms, tokens: before.tokens };
}

async function main(): Promise<void> {
  const start = performance.now();
  await loadCounter();
  const load = performance.now() - start;
  const history = await longHistory();
  const measured: { warm: number[]; restarted: number[] } = { warm: [], restarted: [] };
  let tokens = 0;
  for (let n = 0; n < 20; n += 1) {
    const isWarm = n % 2 === 0;
    const one = await compaction(history, isWarm, n);
    measured[isWarm ? "warm" : "restarted"].push(one.ms);
    tokens = one.tokens;
  }
  const result = {
    tokenizer_load_ms: Number(load.toFixed(0)),
    compaction: {
      tokens,
      median_ms: Number(median(measured.warm).toFixed(1)),
      after_restart_median_ms: Number(median(measured.restarted).toFixed(1)),
      target_ms: 100,
    },
    steps: [await perStep(16_384), await perStep(1_000_000)],
    target_step_ms: 5,
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}

try {
  await main();
} finally {
  fs.rmSync(root, { recursive: true, force: true });
}
