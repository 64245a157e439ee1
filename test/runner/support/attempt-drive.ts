/**
 * One attempt at a task of three writing steps, in a process that kills itself with SIGKILL at the
 * n-th sync of the journal, before or after it. Prints the outcome when it survives.
 */

import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { createAttempt } from "../../../src/runner/attempt.ts";
import { agentPaths } from "../../../src/spool/layout.ts";
import { type Disk, nodeDisk } from "../../../src/system/disk.ts";
import { createLog } from "../../../src/system/log.ts";
import { builtinTools } from "../../../src/tools/registry.ts";
import { aTask, call, scriptedModel, validateWithAjv } from "../../agent/support/scripted.ts";
import { agentRuntime } from "../../support/agent-runtime.ts";

const [root = "", killAt = "0", when = "before"] = process.argv.slice(2);

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

const add = (line: string) =>
  call("write_file", { path: "log", content: `${line}\n`, append: true }, `id-${line}`);

const world = {
  disk,
  now: Date.now,
  randomBytes: (count: number) => randomBytes(count),
  mailboxOf: () => null,
  log: createLog(() => undefined),
  system: {
    version: 1,
    name: "test",
    root,
    frontDesk: "desk",
    gateway: "",
    agents: [],
    models: [],
  },
  agent: agentRuntime({
    name: "desk",
    uid: 0,
    model: "smart",
    can: { task: [], read: [], write: [], network: [], tools: ["write_file"], models: [] },
    limits: { memory: "2G", cpu: "100%", tasks: 64, runtimeSeconds: 60, steps: 20 },
  }),
  paths: agentPaths(root, "desk"),
  model: scriptedModel([
    { toolCalls: [add("one")] },
    { toolCalls: [add("two"), add("three")] },
    { toolCalls: [add("four")] },
    { text: "finished" },
  ]),
  tools: builtinTools(),
  validate: validateWithAjv(builtinTools()),
  clock: {
    now: Date.now,
    deadline: () => ({ signal: new AbortController().signal, clear: () => undefined }),
  },
  instructions: "",
  isolation: "none",
} as const;

fs.mkdirSync(path.join(root, "agents/desk/workspace"), { recursive: true });
const context = { signal: new AbortController().signal, attempts: 1 };
const outcome = await createAttempt(world)(aTask("Write."), context);
process.stdout.write(JSON.stringify({ outcome, syncs }));
