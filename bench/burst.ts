/**
 * Throughput of the queue with every fsync of the protocol: deliver, claim, settle, with an attempt
 * that takes no time. Prints tasks per second and what each step costs.
 *
 * Usage: node bench/burst.ts [TASKS] [DIRECTORY]. The directory decides which disk is measured.
 */

import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { noBudget, noMay } from "../src/config/authority.ts";
import type { AgentRuntime } from "../src/config/runtime.ts";
import { createHints } from "../src/runner/inbox-watch.ts";
import { runSession } from "../src/runner/session.ts";
import type { SessionWorld } from "../src/runner/world.ts";
import { deliver } from "../src/spool/deliver.ts";
import { agentPaths } from "../src/spool/layout.ts";
import { type Disk, nodeDisk } from "../src/system/disk.ts";
import { requestOf } from "../src/task/codec.ts";
import { emptyTally } from "../src/task/task.ts";

const count = Number(process.argv[2] ?? 500);
const root = fs.mkdtempSync(join(process.argv[3] ?? tmpdir(), "con-burst-"));

interface Phase {
  readonly ms: number;
  readonly syncs: number;
}

function countingDisk(): { readonly disk: Disk; readonly syncs: () => number } {
  let syncs = 0;
  const sync = (fd: number): void => {
    syncs += 1;
    nodeDisk.sync(fd);
  };
  return { disk: { ...nodeDisk, sync }, syncs: () => syncs };
}

const { disk, syncs } = countingDisk();
const paths = agentPaths(root, "bench");
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const world: SessionWorld = {
  disk,
  root,
  now: Date.now,
  randomBytes: (size) => randomBytes(size),
  log: silent,
  senderOf: (uid) => ({ uid, name: "root", agent: null }),
  mailboxOf: () => null,
  lease: () => Promise.resolve(null),
  loadYaml: () => Promise.reject(new Error("no YAML is needed here")),
  progress: () => 0,
  stop: new AbortController().signal,
  lingerMs: 0,
  lock: () => Promise.resolve({ release: () => undefined }),
  watch: () => ({ ...createHints(), close: () => undefined }),
};
const agent: AgentRuntime = {
  version: 1,
  name: "bench",
  uid: process.getuid?.() ?? 0,
  tier: "worker",
  model: "none",
  inboxes: [paths.inbox],
  trustedUids: [],
  taskerUids: [],
  may: noMay,
  approval: [],
  budget: noBudget,
  can: { task: [], read: [], write: [], network: [], tools: [], models: [] },
  limits: { memory: "1G", cpu: "100%", tasks: 64, runtimeSeconds: 60, steps: 1 },
  schedule: null,
  instructions: "",
  skills: [],
};

/** What one new file with one fsync costs on this disk now: the floor that everything stands on. */
function syncFloorMs(): number {
  const times = Array.from({ length: 101 }, (_, n) => {
    const before = performance.now();
    const fd = fs.openSync(join(root, `floor-${n}`), "wx");
    fs.writeSync(fd, "x".repeat(300));
    fs.fsyncSync(fd);
    fs.closeSync(fd);
    return performance.now() - before;
  });
  return times.sort((a, b) => a - b)[50] ?? 0;
}

function measured(before: number, syncsBefore: number): Phase {
  return { ms: performance.now() - before, syncs: syncs() - syncsBefore };
}

function deliverAll(): Phase {
  const [before, syncsBefore] = [performance.now(), syncs()];
  for (let n = 0; n < count; n += 1) deliver(world, paths.inbox, requestOf(`task ${n}`));
  return measured(before, syncsBefore);
}

async function runAll(): Promise<Phase> {
  const [before, syncsBefore] = [performance.now(), syncs()];
  const code = await runSession(world, agent, () =>
    Promise.resolve({ kind: "done", answer: "ok", tally: emptyTally }),
  );
  if (code !== 0) throw new Error(`the session ended with ${code}`);
  return measured(before, syncsBefore);
}

function check(): void {
  const records = fs.readdirSync(paths.outbox).filter((name) => name.endsWith(".json"));
  const left = fs.readdirSync(paths.inbox).length + fs.readdirSync(paths.queue.active).length;
  if (records.length !== count || left !== 0) {
    throw new Error(`${records.length} of ${count} answered, ${left} left`);
  }
}

try {
  const all = [paths.inbox, paths.outbox, paths.processed, paths.journal];
  for (const directory of [...all, ...Object.values(paths.queue)]) {
    fs.mkdirSync(directory, { recursive: true });
  }
  const floor = syncFloorMs();
  const delivered = deliverAll();
  const ran = await runAll();
  check();
  const perSecond = Math.round((count * 1000) / (delivered.ms + ran.ms));
  const result = {
    tasks: count,
    tasks_per_second: perSecond,
    sync_floor_ms: floor,
    deliver: { ms_per_task: delivered.ms / count, syncs_per_task: delivered.syncs / count },
    claim_and_settle: { ms_per_task: ran.ms / count, syncs_per_task: ran.syncs / count },
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
} finally {
  fs.rmSync(root, { recursive: true, force: true });
}
