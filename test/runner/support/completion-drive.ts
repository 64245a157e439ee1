/**
 * One attempt at a task with a completion check, in a process that kills itself with SIGKILL at the
 * n-th sync of the journal, before or after it, or in the middle of its checks. Prints the outcome and
 * how often it asked the model when it survives.
 */

import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { createAttempt } from "../../../src/runner/attempt.ts";
import { agentPaths } from "../../../src/spool/layout.ts";
import { type Disk, nodeDisk } from "../../../src/system/disk.ts";
import { createLog } from "../../../src/system/log.ts";
import { requestOf } from "../../../src/task/codec.ts";
import { readDoneWhen } from "../../../src/task/done-when.ts";
import { builtinTools } from "../../../src/tools/registry.ts";
import { aTask, call, scriptedModel, validateWithAjv } from "../../agent/support/scripted.ts";
import { agentRuntime } from "../../support/agent-runtime.ts";

const [root = "", killAt = "0", when = "before", mends = "mends"] = process.argv.slice(2);
const workspace = path.join(root, "agents/desk/workspace");

let syncs = 0;
const disk: Disk = {
  ...nodeDisk,
  sync(fd) {
    const isJournal = fs.readlinkSync(`/proc/self/fd/${fd}`).endsWith(".jsonl");
    if (isJournal) syncs += 1;
    const dies = isJournal && syncs === Number(killAt);
    if (dies && when === "before") process.kill(process.pid, "SIGKILL");
    nodeDisk.sync(fd);
    if (dies) process.kill(process.pid, "SIGKILL");
  },
};

/** One line for each time that it was made; its parent, the runner, is killed the first time. */
const dying = "echo made >> made; [ -e died ] || { touch died; kill -9 $PPID; sleep 100; }";
const check = [
  { path_exists: "report.md" },
  { command: { run: when === "during" ? dying : "echo made >> made" } },
];
const demand = readDoneWhen(check, undefined);
if (!demand.ok) throw new Error(demand.why);
const task = aTask("x", { request: requestOf("Report.", { doneWhen: demand.doneWhen }) });

const write = call("write_file", { path: "report.md", content: "x" });
const model = scriptedModel([
  { text: "done" },
  mends === "mends" ? { toolCalls: [write] } : { text: "I say it is done" },
  { text: "really done" },
]);

const world = {
  disk,
  now: Date.now,
  randomBytes: (count: number) => randomBytes(count),
  mailboxOf: () => null,
  log: createLog(() => undefined),
  system: { version: 1, name: "t", root, frontDesk: "desk", gateway: "", agents: [], models: [] },
  agent: agentRuntime({
    name: "desk",
    uid: 0,
    model: "smart",
    can: { task: [], read: [], write: [], network: [], tools: ["write_file", "shell"], models: [] },
    limits: { memory: "8G", cpu: "100%", tasks: 4096, runtimeSeconds: 60, steps: 20 },
  }),
  paths: agentPaths(root, "desk"),
  model,
  tools: builtinTools(),
  validate: validateWithAjv(builtinTools()),
  clock: {
    now: Date.now,
    deadline: () => ({ signal: new AbortController().signal, clear: () => undefined }),
  },
  instructions: "",
  isolation: "none",
} as const;

fs.mkdirSync(workspace, { recursive: true });
const context = { signal: new AbortController().signal, attempts: 1 };
const outcome = await createAttempt(world)(task, context);
process.stdout.write(JSON.stringify({ outcome, syncs, asked: model.requests.length }));
