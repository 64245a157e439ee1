/**
 * Runs one program to its end and gives what it said. Never: a shell; a timeout of its own (vitest has
 * one); an exception for a bad exit code, which is an answer like any other.
 */
import { spawn } from "node:child_process";

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

const signalBase = 128;
const killedBySignalUnknown = 1;

export function runProgram(argv: readonly string[], options: ProgramOptions = {}): Promise<Result> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError("runProgram: no program");
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({
        code: code ?? signalBase + killedBySignalUnknown,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
    // A program that ends without reading its input is no failure of ours.
    child.stdin.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") reject(error);
    });
    child.stdin.end(options.input ?? "");
  });
}

/** Like runProgram, for steps of a test's own set-up: anything but 0 is an error that shows all. */
export async function mustRun(argv: readonly string[], options?: ProgramOptions): Promise<Result> {
  const result = await runProgram(argv, options);
  if (result.code !== 0) {
    throw new Error(`${argv.join(" ")}: exit ${result.code}\n${result.stdout}${result.stderr}`);
  }
  return result;
}
