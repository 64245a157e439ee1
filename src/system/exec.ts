/**
 * Runs another program: argv only, never a shell; output bounded; deadline kept; no zombie left.
 *
 * Never: throws for what the program does (exit codes, signals and a missing binary are values),
 * or inherits the caller's environment unless it is passed.
 */
import { spawn } from "node:child_process";

export interface ExecOptions {
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Default 30 s. At the deadline the program gets SIGKILL. */
  readonly timeoutMs?: number;
  /** Per stream, default 8 MiB; the rest is read and dropped. */
  readonly maxBytes?: number;
}

export interface ExecResult {
  /** Exit status; 128 + n after signal n; 127 when the program could not be started. */
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

const safePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Runs `argv[0]` with the rest as arguments. */
export function exec(
  argv: readonly [string, ...string[]],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const { timeoutMs = 30_000, maxBytes = 8 << 20 } = options;
  return new Promise((resolve) => {
    const child = spawn(argv[0], argv.slice(1), {
      cwd: options.cwd,
      env: options.env ?? { PATH: safePath, LANG: "C.UTF-8" },
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const stdout = collect(child.stdout, maxBytes);
    const stderr = collect(child.stderr, maxBytes);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve({
        code: 127,
        signal: null,
        stdout: "",
        stderr: `${argv[0]}: ${error.message}`,
        timedOut,
      });
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({
        code: code ?? 128 + signalNumber(signal),
        signal,
        stdout: stdout(),
        stderr: stderr(),
        timedOut,
      });
    });
    // A program that exits without reading its input gives EPIPE here; its exit code tells the story.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input);
  });
}

function collect(stream: NodeJS.ReadableStream | null, maxBytes: number): () => string {
  const parts: Buffer[] = [];
  let kept = 0;
  stream?.on("data", (part: Buffer) => {
    if (kept >= maxBytes) return;
    parts.push(part.subarray(0, maxBytes - kept));
    kept += part.length;
  });
  return () => Buffer.concat(parts).toString("utf8");
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === "SIGKILL" ? 9 : signal === "SIGTERM" ? 15 : 1;
}
