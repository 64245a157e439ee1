/** An agent's directory with secrets around the workspace, and commands run in its sandbox. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { SandboxPolicy } from "../../../src/sandbox/bwrap.ts";
import type { Ending } from "../../../src/sandbox/exec.ts";
import type { ExecuteOptions } from "../../../src/sandbox/start.ts";
import type { Drive } from "./drive.ts";

/** A user that nothing else runs as: limits count per user. */
const agentUid = 28_731;
const isRoot = process.getuid?.() === 0;

interface Ran {
  readonly ending: Ending;
  readonly head: string;
  readonly tail: string;
  readonly totalBytes: number;
  readonly keptBytes: number;
  readonly path: string | null;
  readonly trouble: string | null;
}

export interface TestAgent {
  readonly base: string;
  readonly workspace: string;
  readonly run: (command: string, change?: Partial<Setup>) => Ran;
  readonly remove: () => void;
}

interface Setup {
  readonly timeoutSeconds: number;
  readonly policy: Partial<SandboxPolicy>;
  readonly limits: Partial<ExecuteOptions["limits"]>;
  readonly maxBytes: number;
  readonly isolation: "bwrap" | "none";
}

export const secret = "the-secret-of-the-state";

export function createTestAgent(): TestAgent {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), "con-sandbox-"));
  const workspace = path.join(base, "workspace");
  for (const name of ["workspace", "state", "tools", "inbox"]) fs.mkdirSync(path.join(base, name));
  fs.writeFileSync(path.join(base, "state", "journal.jsonl"), secret);
  fs.writeFileSync(path.join(base, "tools", "forged.sh"), "echo forged");
  if (isRoot) chownAll(base);
  return {
    base,
    workspace,
    run: (command, change = {}) => drive(base, workspace, command, change),
    remove: () => fs.rmSync(base, { recursive: true, force: true }),
  };
}

function chownAll(base: string): void {
  for (const name of fs.readdirSync(base, { recursive: true, encoding: "utf8" }))
    fs.chownSync(path.join(base, name), agentUid, agentUid);
  fs.chownSync(base, agentUid, agentUid);
}

function optionsFor(base: string, workspace: string, change: Partial<Setup>): ExecuteOptions {
  const policy: SandboxPolicy = {
    workspace,
    tools: path.join(base, "tools"),
    readOnly: [],
    readWrite: [],
    hidden: [base],
    network: false,
    scratchBytes: 64 << 20,
    ...change.policy,
  };
  const bwrap = { kind: "bwrap", policy } as const;
  return {
    isolation: change.isolation === "none" ? { kind: "none", workspace } : bwrap,
    limits: { memoryBytes: 2 ** 31, maxProcesses: 64, fileBytes: 2 ** 30, ...change.limits },
    environment: { PATH: "/usr/bin:/bin", HOME: workspace, LANG: "C.UTF-8", TERM: "dumb" },
  };
}

function drive(base: string, workspace: string, command: string, change: Partial<Setup>): Ran {
  const order: Drive = {
    options: optionsFor(base, workspace, change),
    command,
    timeoutSeconds: change.timeoutSeconds ?? 20,
    outputFile: path.join(workspace, "output.txt"),
    maxBytes: change.maxBytes ?? 64 << 20,
  };
  const node = [
    process.execPath,
    path.join(import.meta.dirname, "drive.ts"),
    JSON.stringify(order),
  ];
  const asAgent = ["--reuid", agentUid, "--regid", agentUid, "--clear-groups", "--"].map(String);
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const [program, ...args] = isRoot ? ["setpriv", ...asAgent, ...node] : node;
  const ended = spawnSync(program ?? "", args, {
    encoding: "utf8",
    maxBuffer: 64 << 20,
    env: { PATH, NODE_COMPILE_CACHE, CON_TEST_SECRET: secret },
  });
  if (ended.status !== 0) throw new Error(`driver failed: ${ended.stderr}`);
  return JSON.parse(ended.stdout) as Ran;
}

/** Pids of living processes of the agent's user whose command line contains `mark`. */
export function processesWith(mark: string): number[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? "";
        if (["ENOENT", "ESRCH", "EACCES"].includes(code)) return false;
        throw error;
      }
    })
    .map(Number)
    .filter((pid) => pid !== process.pid);
}
