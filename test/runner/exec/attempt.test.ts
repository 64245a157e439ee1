/** Attempts by real programs without a sandbox: the journal, the fates, and what a crash leaves. */
import fs from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JournalLine } from "../../../src/agent/journal.ts";
import { fold } from "../../../src/agent/resume.ts";
import type { Completion } from "../../../src/agent/run.ts";
import { noBudget, noMay } from "../../../src/config/authority.ts";
import type { ExecRunner } from "../../../src/config/types.ts";
import type { AttemptWorld } from "../../../src/runner/attempt-world.ts";
import { attemptByProgram } from "../../../src/runner/exec/attempt.ts";
import { agentPaths } from "../../../src/spool/layout.ts";
import { createLog } from "../../../src/system/log.ts";
import type { Outcome } from "../../../src/task/task.ts";
import { aTask } from "../../agent/support/scripted.ts";

let root: string;
let workspace: string;
let lines: JournalLine[];
let abort: AbortController;
let deadline: AbortController;

beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(join(os.tmpdir(), "con-exec-test-")));
  ({ workspace } = agentPaths(root, "worm"));
  fs.mkdirSync(workspace, { recursive: true });
  lines = [];
  [abort, deadline] = [new AbortController(), new AbortController()];
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const world = (): AttemptWorld =>
  ({
    now: Date.now,
    log: createLog(() => undefined),
    system: { gateway: join(root, "gateway.sock") },
    agent: {
      ...{ name: "worm", uid: 1, model: "smart", budget: noBudget, may: noMay, skills: [] },
      can: { task: [], read: [], write: [], network: [], tools: [], models: [] },
      limits: { memory: "2G", cpu: "200%", tasks: 64, runtimeSeconds: 300, steps: 10 },
    },
    paths: agentPaths(root, "worm"),
    clock: {
      now: Date.now,
      deadline: () => ({ signal: deadline.signal, clear: () => undefined }),
    },
    instructions: "Be kind.",
    isolation: "none",
  }) as unknown as AttemptWorld;

interface How {
  readonly append?: (more: readonly JournalLine[]) => void;
  readonly completion?: Completion;
}

function attempt(script: string, { append, completion }: How = {}): Promise<Outcome> {
  const runner: ExecRunner = {
    argv: ["/bin/sh", "-c", script],
    ...{ input: "text", environment: {}, files: {}, models: false },
  };
  return attemptByProgram(world(), runner, aTask("hello"), {
    lines: [...lines],
    append: (more) => {
      append?.(more);
      lines.push(...more);
    },
    signal: abort.signal,
    completion: () => Promise.resolve(completion ?? null),
  });
}

const kinds = (): string[] =>
  lines.map((line) => (line.kind === "exec" ? `exec ${line.event}` : line.kind));

/** When the program has written the file. */
async function begun(name: string): Promise<void> {
  const path = join(workspace, name);
  while (!fs.existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Also as long as nobody has waited for it. */
function isGone(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return true;
    throw error;
  }
}

test("an answer, with all of it in the journal", async () => {
  const outcome = await attempt('cat; echo "$CON_AGENT $CON_ATTEMPT"; echo well >&2');
  expect(outcome).toMatchObject({ kind: "done", answer: expect.stringContaining("worm 1") });
  expect(kinds()).toEqual(["attempt", "exec start", "exec said", "exec end", "final"]);
});

test("an end that the journal has is settled, and the program not started again", async () => {
  const first = await attempt("echo once >>count; echo done");
  expect(await attempt("echo once >>count; echo again")).toEqual(first);
  expect(fs.readFileSync(join(workspace, "count"), "utf8")).toBe("once\n");
});

test("a failure is tried again when somebody retries it, and not for ever", async () => {
  const count = () => fs.readFileSync(join(workspace, "count"), "utf8").length;
  for (let round = 0; round < 8; round += 1)
    expect(await attempt("printf x >>count; exit 1")).toMatchObject({ kind: "failed" });
  expect(count()).toBe(6);
  expect(fold(lines).retries).toBe(5);
});

test("an attempt that a crash cut starts the program anew, and says which it is", async () => {
  await attempt("exit 75");
  expect(kinds()).not.toContain("final");
  expect(await attempt('echo "attempt $CON_ATTEMPT"')).toMatchObject({ answer: "attempt 2" });
});

test("stopped, it is put off and gone", async () => {
  const running = attempt("echo $$ >new; mv new pid; exec sleep 300");
  await begun("pid");
  abort.abort();
  expect(await running).toMatchObject({ kind: "defer", notBefore: 0 });
  const pid = Number(fs.readFileSync(join(workspace, "pid"), "utf8"));
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

test("out of time, it fails", async () => {
  const running = attempt("touch here; exec sleep 300");
  await begun("here");
  deadline.abort();
  expect(await running).toMatchObject({ kind: "failed", why: "it took longer than 300 s" });
});

test("too much output ends it", async () => {
  expect(await attempt("exec yes")).toMatchObject({
    kind: "failed",
    why: "its program printed more than 1000000 bytes",
  });
});

test("what it prints is made safe, and needs no line end", async () => {
  expect(await attempt("printf yes")).toMatchObject({ kind: "done", answer: "yes" });
  lines = [];
  const { answer } = (await attempt("printf 'a\\377\\000\\033[31mb\\342\\200\\256'")) as {
    answer: string;
  };
  expect(answer.isWellFormed()).toBe(true);
  expect(answer).not.toMatch(/[\0\x1b\u202e]/);
  expect(answer).toMatch(/^a.*b/s);
});

test.each([
  ["kill -TERM $$", "its program was killed by signal 15"],
  ["exit 127", "its program could not be started (exit code 127)"],
  ["exit 255", "its program ended with exit code 255"],
])("%s is told in words", async (script, why) => {
  expect(await attempt(script)).toMatchObject({ kind: "failed", why });
});

test("what it leaves in the background keeps nobody waiting, and is gone", async () => {
  const outcome = await attempt("sleep 300 & echo $! >pid; echo done");
  expect(outcome).toMatchObject({ kind: "done", answer: "done" });
  const pid = Number(fs.readFileSync(join(workspace, "pid"), "utf8"));
  await until(() => isGone(pid));
});

test("its task counts as one that has read words of strangers", async () => {
  await attempt("echo a");
  expect(fold(lines).tainted).toBe(true);
});

test("a journal that cannot be written ends it, and is thrown", async () => {
  const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
  const append = (more: readonly JournalLine[]): void => {
    if (more.some((line) => line.kind === "exec" && line.event === "said")) throw full;
  };
  // Words after the first second are written while it runs.
  const script = "echo one >&2; sleep 1.2; echo two >&2; exec sleep 300";
  await expect(attempt(script, { append })).rejects.toBe(full);
});

test("checks that fail, fail the task; those that may not be made start nothing", async () => {
  const made = (state: "pass" | "fail"): Completion => ({
    rounds: 3,
    refusal: null,
    evaluate: (answer) => Promise.resolve([{ name: "good", state, found: answer }]),
    publish: (answer) => `<${answer}>`,
  });
  expect(await attempt("echo a", { completion: made("fail") })).toMatchObject({
    kind: "failed",
    checks: [{ name: "good", state: "fail" }],
  });
  lines = [];
  expect(await attempt("echo a", { completion: made("pass") })).toMatchObject({
    ...{ kind: "done", answer: "<a>" },
    checks: [{ state: "pass" }],
  });
  lines = [];
  const completion = { ...made("pass"), refusal: "strangers may not" };
  expect(await attempt("touch begun", { completion })).toMatchObject({
    kind: "failed",
    why: "strangers may not",
  });
  expect(fs.existsSync(join(workspace, "begun"))).toBe(false);
});
