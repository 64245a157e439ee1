/**
 * Starts the code, passes on what it prints, says how it ended. Never: throws for what the code does.
 *
 * `exited` comes only after the kernel has reaped the whole process namespace, so that the working directory is still.
 * After a time limit that is not waited for: the answer is given, and the unit's end kills what is left.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { bounds } from "./bounds.ts";
import { type Cut, createCut } from "./cut.ts";
import { type FrameKind, frame } from "./frame.ts";
import { launchArguments, launchEnvironment, work } from "./launch.ts";
import type { ServedEnding } from "./reply.ts";
import type { Input } from "./unpack.ts";

export interface Ran {
  readonly ending: ServedEnding;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}

export type Send = (frame: Buffer) => void;

const readyFd = 3;
/** Signals are shown as 128 and their number by a shell. */
const signalBase = 128;
const lastSignal = 64;

export async function run({ header, stdin }: Input, send: Send): Promise<Ran> {
  const [program, ...args] = launchArguments(header);
  const child = spawn(program, args, {
    cwd: work,
    env: launchEnvironment(header.layers),
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  const ended = exitOf(child);
  const cuts = { o: listen(child.stdout, "o", send), e: listen(child.stderr, "e", send) };
  const status = child.stdio[readyFd] as Readable | null;
  let isReady = false;
  status?.once("data", () => {
    isReady = true;
  });
  // It need not read what it was given.
  child.stdin?.on("error", () => child.stdin?.destroy());
  child.stdin?.end(stdin);
  const first = await Promise.race([ended, late(header.timeoutSeconds)]);
  if (first === "late") child.kill("SIGKILL");
  else await drained([child.stdout, child.stderr, status]);
  const tails = [frame("O", cuts.o.tail()), frame("E", cuts.e.tail())];
  for (const tail of tails) send(tail);
  return {
    ending:
      first === "late"
        ? { kind: "timeout", seconds: header.timeoutSeconds }
        : judge(first, isReady, cuts.e),
    stdoutBytes: cuts.o.totalBytes(),
    stderrBytes: cuts.e.totalBytes(),
  };
}

const late = (seconds: number): Promise<"late"> =>
  new Promise((resolve) => {
    setTimeout(() => resolve("late"), seconds * 1000).unref();
  });

function listen(stream: Readable | null, kind: FrameKind, send: Send): Cut {
  const cut = createCut({ head: bounds.headBytes, tail: bounds.tailBytes }, (chunk) =>
    send(frame(kind, chunk)),
  );
  stream?.on("data", cut.add);
  return cut;
}

interface Exited {
  readonly code: number;
  readonly error: string | null;
}

function exitOf(child: ChildProcess): Promise<Exited> {
  return new Promise((resolve) => {
    child.once("error", ({ message }) => resolve({ code: 127, error: message }));
    child.once("exit", (code) => resolve({ code: code ?? signalBase + 9, error: null }));
  });
}

/** Pure. The shell that is the first process gives a signal back as a code. */
function judge({ code, error }: Exited, isReady: boolean, stderr: Cut): ServedEnding {
  if (error !== null) return { kind: "unavailable", why: error };
  if (!isReady) {
    const said = stderr.totalBytes() > 0 ? "see its standard error" : "it says nothing";
    return { kind: "unavailable", why: `the sandbox could not be made (code ${code}; ${said})` };
  }
  const signal = code > signalBase && code <= signalBase + lastSignal ? code - signalBase : null;
  return { kind: "exit", code, signal };
}

/** All writers are dead, so that the pipes end. */
const drained = (streams: readonly (Readable | null)[]): Promise<unknown> =>
  Promise.all(
    streams.map(
      (stream) =>
        new Promise<void>((resolve) => {
          if (stream === null || stream.closed) resolve();
          else stream.once("close", () => resolve());
        }),
    ),
  );
