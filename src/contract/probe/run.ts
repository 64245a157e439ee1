/**
 * Runs the program of one check and leaves no process behind: a sandbox dies with its first process, a
 * root check with its unit's control group.
 *
 * Never: shell text made from data, our environment, standard input or descriptors in a check; output kept
 * without bound. After a crash of ours the kernel ends the sandbox (--die-with-parent), and systemd the
 * unit (RuntimeMaxSec=).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Readable } from "node:stream";
import type { HealthThresholds } from "../../config/types.ts";
import { gone, readStatus } from "../../sandbox/namespace.ts";
import { createCollector } from "../../sandbox/output.ts";
import { exec } from "../../system/exec.ts";
import type { ProgramProbe, RunProgram } from "../evaluate.ts";
import type { Check } from "../types.ts";
import { type Program, sandboxArguments, statusFd, unitArguments, unitName } from "./arguments.ts";
import { checkEnvironment } from "./environment.ts";
import { judge, type Ran } from "./judge.ts";
import { readScript, type Script } from "./script.ts";
import { readWrapper } from "./wrapper.ts";

/** A result of 64 KiB, what else is said, and the last lines of a flood. */
const headBytes = 80 * 1024;
const tailBytes = 4 * 1024;

export const createRunProgram =
  (thresholds: HealthThresholds): RunProgram =>
  async (probe, check, signal) => {
    const script = scriptOf(probe);
    if (script.kind === "refused") return { state: "error", why: script.why };
    const ran = await start(probe, check, script.text, checkEnvironment(thresholds), signal);
    return judge(probe, check.timeoutSeconds, ran);
  };

const noScript: Script = { kind: "text", text: Buffer.alloc(0) };

function scriptOf(probe: ProgramProbe): Script {
  if (probe.kind === "command") return noScript;
  if (probe.inline !== null) return { kind: "text", text: Buffer.from(probe.inline) };
  if (probe.path !== null) return readScript(probe.path);
  return { kind: "refused", why: "the script has neither a path nor a text" };
}

function programOf(probe: ProgramProbe): Program {
  if (probe.kind === "script") return { mode: "script", run: "", test: "" };
  if (probe.test !== null) return { mode: "test", run: probe.run, test: probe.test };
  const mode = probe.outputMatches === null ? "plain" : "capture";
  return { mode, run: probe.run, test: "" };
}

type Environment = Readonly<Record<string, string>>;

function start(
  probe: ProgramProbe,
  check: Check,
  script: Buffer,
  environment: Environment,
  signal: AbortSignal,
): Promise<Ran> {
  const program = programOf(probe);
  if (probe.user === "con-check") {
    const child = launch(sandboxArguments(program), environment);
    return follow(child, script, signal, async () => {
      child.kill("SIGKILL");
    });
  }
  const unit = unitName(randomBytes(8).toString("hex"));
  const argv = unitArguments(unit, program, environment, check.timeoutSeconds);
  const child = launch(argv, { PATH: environment["PATH"] ?? "" });
  return follow(child, script, signal, async () => {
    // First the asking, so that nothing is started any more, then what was started.
    child.kill("SIGKILL");
    await exec(["systemctl", "stop", unit]);
  });
}

const launch = ([program = "", ...args]: readonly string[], env: Environment): ChildProcess =>
  spawn(program, args, { cwd: "/", env, stdio: ["pipe", "pipe", "pipe", "pipe"] });

/** `end` kills what runs; it is over when that is gone. */
async function follow(
  child: ChildProcess,
  script: Buffer,
  signal: AbortSignal,
  end: () => Promise<void>,
): Promise<Ran> {
  const mark = randomBytes(16).toString("hex");
  const output = collect(child.stdout);
  const complaint = collect(child.stderr);
  const status = readStatus(child.stdio[statusFd] as Readable | null);
  let ending: Promise<void> | null = null;
  const abort = (): void => {
    ending ??= end().then(() => letGo(child));
  };
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  // A program that ends before it has read all says so by its missing answer.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(Buffer.concat([Buffer.from(`${mark}\n`), script]));
  const trouble = await closed(child);
  signal.removeEventListener("abort", abort);
  const aborted = ending !== null;
  await ending;
  await gone(status.firstProcess());
  return { said: readWrapper(output(), mark), complaint: trouble ?? complaint(), aborted };
}

/** Time for what is dead to close its pipes; a process that outlives its killing is not waited for. */
const drainMs = 500;

async function letGo({ stdout, stderr }: ChildProcess): Promise<void> {
  const open = [stdout, stderr].filter((stream) => stream?.closed === false);
  const timer = setTimeout(() => {
    for (const stream of open) stream?.destroy();
  }, drainMs);
  await Promise.all(open.map((stream) => once(stream as Readable, "close")));
  clearTimeout(timer);
}

/** Null, or why the program could not be started. */
function closed(child: ChildProcess): Promise<string | null> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", () => resolve(null));
  });
}

function collect(stream: Readable | null): () => string {
  const collector = createCollector({ headBytes, tailBytes, maxBytes: 0, open: noFile });
  stream?.on("data", collector.add);
  return () => {
    const { head, tail } = collector.end();
    return Buffer.concat([head, tail]).toString("utf8");
  };
}

function noFile(): never {
  throw new Error("output of a check goes to no file");
}
