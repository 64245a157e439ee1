/** A directory tree like an agent's, and a context of tools that reaches just that. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Executed } from "../../../src/sandbox/exec.ts";
import type { Peers } from "../../../src/tools/policies.ts";
import type { ToolResult } from "../../../src/tools/result.ts";
import type { Tool, ToolContext } from "../../../src/tools/tool.ts";

export interface World {
  readonly base: string;
  readonly workspace: string;
  readonly context: ToolContext;
  readonly run: (tool: Tool, args: Record<string, unknown>) => Promise<ToolResult>;
  readonly write: (name: string, content: string | Uint8Array) => string;
  readonly remove: () => void;
}

export const secret = "the-secret-of-the-state";

export function createWorld(change: Partial<ToolContext> = {}): World {
  const base = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "con-tools-")));
  const workspace = path.join(base, "workspace");
  for (const name of ["workspace", "state", "granted"]) fs.mkdirSync(path.join(base, name));
  fs.writeFileSync(path.join(base, "state", "journal.jsonl"), secret);
  const context = { ...contextOf(base, workspace), ...change };
  return {
    base,
    workspace,
    context,
    run: (tool, args) => tool.run(args, context),
    write(name, content) {
      const file = path.join(workspace, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, content);
      return file;
    },
    remove: () => fs.rmSync(base, { recursive: true, force: true }),
  };
}

function contextOf(base: string, workspace: string): ToolContext {
  return {
    agent: "tester",
    task: { id: "01900000-0000-7000-8000-000000000000", from: "root", trust: "verified" },
    callId: "1-1",
    signal: new AbortController().signal,
    now: () => 0,
    files: {
      workspace,
      readable: [workspace, path.join(base, "granted")],
      writable: [workspace],
      denied: [base, "/proc", "/dev"],
      owners: [process.getuid?.() ?? 0],
    },
    shell: {
      isolation: "bwrap",
      network: false,
      defaultTimeoutSeconds: 10,
      maxTimeoutSeconds: 20,
      memoryBytes: 2 ** 31,
      maxProcesses: 64,
      replyChars: 5000,
      outputBytes: 1 << 20,
    },
    execute: () => Promise.reject(new Error("this test runs no command")),
    peers: noPeers,
  };
}

const noPeers: Peers = {
  list: () => [],
  send: () => ({ ok: false, why: "nobody" }),
  ask: () => ({ ok: false, why: "nobody" }),
  reply: () => ({ ok: false, why: "nobody" }),
};

/** What the sandbox would have reported for a program that printed `output`. */
export const executed = (output: string | Buffer, code = 0): Executed => {
  const head = Buffer.from(output);
  return {
    ending: { kind: "exit", code },
    output: {
      head,
      tail: Buffer.alloc(0),
      totalBytes: head.length,
      keptBytes: 0,
      path: null,
      trouble: null,
    },
  };
};
