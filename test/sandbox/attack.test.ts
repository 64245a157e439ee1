/** Attacks from inside the sandbox, run as a user without privileges. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createTestAgent, processesWith, secret, type TestAgent } from "./support/agent.ts";

/** Real processes on a machine that may be busy; the limit only ends a test that hangs. */
vi.setConfig({ testTimeout: 60_000 });

let agent: TestAgent;
beforeEach(() => {
  agent = createTestAgent();
});
afterEach(() => agent.remove());

const exit = (code: number) => ({ kind: "exit", code });

/** With the shortest limit within which this machine comes to what the command says first. */
function runWithLimit(command: string, change: Parameters<TestAgent["run"]>[1] = {}) {
  let ran = agent.run(command, { ...change, timeoutSeconds: 0.7 });
  for (let limit = 3; ran.head === "" && limit < 60; limit *= 2)
    ran = agent.run(command, { ...change, timeoutSeconds: limit });
  return ran;
}

describe("what a command sees", () => {
  it("works in the workspace, at its own path", () => {
    const ran = agent.run("pwd; echo hello > file; cat file");
    expect(ran.ending).toEqual(exit(0));
    expect(ran.head).toBe(`${agent.workspace}\nhello\n`);
    expect(fs.readFileSync(path.join(agent.workspace, "file"), "utf8")).toBe("hello\n");
  });

  it("finds nothing of the agent but workspace and tools", () => {
    const ran = agent.run(
      `ls -A ${agent.base}; cat ${agent.base}/state/journal.jsonl; ls /etc/con`,
    );
    expect(ran.head.split("\n").slice(0, 2)).toEqual(["tools", "workspace"]);
    expect(ran.head).not.toContain(secret);
    expect(ran.ending).not.toEqual(exit(0));
  });

  it("does not reach the state through a grant that contains it", () => {
    const policy = { readWrite: [path.dirname(agent.base), agent.base, `${agent.base}/state`] };
    const ran = agent.run(
      `cat ${agent.base}/state/*; echo x > ${agent.base}/state/new; ls ${agent.base}; touch ok`,
      { policy },
    );
    expect(ran.head).not.toContain(secret);
    expect(fs.readdirSync(path.join(agent.base, "state"))).toEqual(["journal.jsonl"]);
    expect(fs.existsSync(path.join(agent.workspace, "ok"))).toBe(true);
  });

  it("does not follow a granted directory that became a link", () => {
    const grant = path.join(os.tmpdir(), `con-link-${path.basename(agent.base)}`);
    fs.symlinkSync(path.join(agent.base, "state"), grant);
    try {
      const ran = agent.run(`cat ${grant}/*`, { policy: { readWrite: [grant] } });
      expect(ran.head).not.toContain(secret);
    } finally {
      fs.unlinkSync(grant);
    }
  });

  it("sees neither the runner's processes nor its environment", () => {
    const ran = agent.run(
      "ls /proc | grep -c '^[0-9]'; cat /proc/*/environ /proc/*/cmdline; id -u",
    );
    expect(ran.head).not.toContain(secret);
    expect(ran.head).not.toContain("drive.ts");
    expect(Number(ran.head.split("\n")[0])).toBeLessThan(10);
  });

  it("cannot write outside of workspace and scratch", () => {
    for (const place of ["/usr/x", "/etc/x", "/x", "/dev/x", `${agent.base}/tools/x`])
      expect(agent.run(`echo x > ${place}`).ending, place).not.toEqual(exit(0));
    agent.run(`echo x > ${agent.base}/x; echo x > ${agent.base}/inbox/x.task`);
    expect(fs.existsSync(path.join(agent.base, "x"))).toBe(false);
    expect(fs.readdirSync(path.join(agent.base, "inbox"))).toEqual([]);
    expect(
      agent.run("echo x > /tmp/x && echo x > /dev/shm/x && echo x > /dev/null").ending,
    ).toEqual(exit(0));
  });

  it("keeps nothing in /tmp and sees nothing that was there", () => {
    agent.run("echo x > /tmp/left-behind");
    expect(fs.existsSync("/tmp/left-behind")).toBe(false);
    expect(agent.run("ls -A /tmp").head).toBe(`${path.basename(agent.base)}\n`);
  });

  it("has no network unless granted, and no capability ever", () => {
    const probe = "grep -c : /proc/net/dev; cut -d: -f1 < <(tail -n +3 /proc/net/dev); ";
    const ran = agent.run(`${probe} grep CapEff /proc/self/status`);
    expect(ran.head).toContain("lo");
    expect(ran.head).toMatch(/^1\n/);
    expect(ran.head).toContain("CapEff:\t0000000000000000");
  });

  it("reads its grants and writes only where it may", () => {
    const shared = fs.mkdtempSync(path.join(os.tmpdir(), "con-shared-"));
    fs.chmodSync(shared, 0o777);
    fs.writeFileSync(path.join(shared, "a"), "shared text");
    try {
      const read = agent.run(`cat ${shared}/a; echo x > ${shared}/b`, {
        policy: { readOnly: [shared] },
      });
      expect(read.head).toContain("shared text");
      expect(fs.readdirSync(shared)).toEqual(["a"]);
      agent.run(`echo x > ${shared}/b`, { policy: { readWrite: [shared] } });
      expect(fs.readdirSync(shared)).toEqual(["a", "b"]);
    } finally {
      fs.rmSync(shared, { recursive: true });
    }
  });

  it("gets an environment without anything of ours", () => {
    const names = agent
      .run("env")
      .head.trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names.sort()).toEqual(["HOME", "LANG", "PATH", "PWD", "SHLVL", "TERM", "_"]);
  });
});

describe("what a command leaves behind", () => {
  it("loses background processes with the call, also after setsid and a double fork", () => {
    const mark = `97531.${process.pid}`;
    const runaway = `setsid sleep ${mark} & (setsid nohup sleep ${mark} >/dev/null 2>&1 &) & exit 3`;
    expect(agent.run(runaway).ending).toEqual(exit(3));
    expect(processesWith(mark)).toEqual([]);
  });

  it("is killed at its time limit with all that it started; the output until then is kept", () => {
    const mark = `97532.${process.pid}`;
    const ran = runWithLimit(
      `echo before; (setsid nohup sleep ${mark} >/dev/null 2>&1 &); setsid sleep ${mark} & sleep ${mark}`,
    );
    expect(ran.ending).toEqual({ kind: "timeout", seconds: expect.any(Number) });
    expect(ran.head).toBe("before\n");
    expect(processesWith(mark)).toEqual([]);
  });
});

describe("limits", () => {
  it("bounds a fork bomb to the call", () => {
    const ran = agent.run("b() { b | b & }; b; sleep 0.3; echo still here", {
      limits: { maxProcesses: 20 },
    });
    expect(ran.head).toMatch(/Resource temporarily unavailable|Cannot fork|fork: retry/);
  });

  it("ends a process that takes too much memory, and only that", () => {
    const hog = "head -c 3000000000 /dev/zero | tail | wc -c; echo after";
    const ran = agent.run(hog, { limits: { memoryBytes: 512 << 20 } });
    expect(ran.head).toContain("memory exhausted");
    expect(ran.head).toContain("after");
  });

  it("is the first that the kernel kills when memory is short", () => {
    expect(agent.run("cat /proc/self/oom_score_adj").head).toBe("1000\n");
  });

  it("bounds the size of a file and leaves no core", () => {
    const ran = agent.run("ulimit -c; head -c 3000000 /dev/zero > big; stat -c %s big", {
      limits: { fileBytes: 1_000_000 },
    });
    expect(ran.head).toMatch(/^0\n/);
    expect(ran.head).toMatch(/1000000\n$/);
  });

  it("bounds scratch space", () => {
    const ran = agent.run("head -c 3000000 /dev/zero > /tmp/big", {
      policy: { scratchBytes: 1_000_000 },
    });
    expect(ran.ending).toEqual(exit(1));
  });
});

describe("output", () => {
  it("keeps all of a long output in the file", () => {
    const ran = agent.run("seq 1 1300000");
    const file = fs.readFileSync(ran.path ?? "", "utf8");
    expect(ran.totalBytes).toBeGreaterThan(9_000_000);
    expect(ran.keptBytes).toBe(ran.totalBytes);
    expect(file.startsWith("1\n2\n3\n")).toBe(true);
    expect(file.endsWith("1299999\n1300000\n")).toBe(true);
    expect(file.length).toBe(ran.totalBytes);
    expect(ran.tail.endsWith("1300000\n")).toBe(true);
  });

  it("stops the file at its limit and counts the rest", () => {
    const ran = agent.run("seq 1 100000", { maxBytes: 50_000 });
    expect(ran.keptBytes).toBe(50_000);
    expect(fs.statSync(ran.path ?? "").size).toBe(50_000);
    expect(ran.totalBytes).toBe(588_895);
  });

  it("leaves no file for a short output, and keeps stdout and stderr in order", () => {
    const ran = agent.run("echo 1; echo 2 >&2; echo 3; echo 4 >&2");
    expect(ran.head).toBe("1\n2\n3\n4\n");
    expect(ran.path).toBeNull();
  });
});

describe("endings", () => {
  it("tells exit codes and signals", () => {
    expect(agent.run("exit 7").ending).toEqual(exit(7));
    expect(agent.run("kill -SEGV $$").ending).toEqual(exit(139));
    expect(agent.run("no-such-program").ending).toEqual(exit(127));
  });

  it("says so when the sandbox cannot be set up", () => {
    fs.rmSync(agent.workspace, { recursive: true });
    const ran = agent.run("echo never");
    expect(ran.ending.kind).toBe("broken");
    expect(ran.head).not.toContain("never");
  });

  it("does without a sandbox only when told to, and then kills the process group", () => {
    const mark = `97533.${process.pid}`;
    const open = `echo open; sleep ${mark} & sleep ${mark}`;
    const ran = runWithLimit(open, { isolation: "none" });
    expect(ran.ending.kind).toBe("timeout");
    expect(ran.head).toBe("open\n");
    expect(processesWith(mark)).toEqual([]);
  });
});
