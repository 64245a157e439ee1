/**
 * Runs one program of a tool call inside the sandbox, with limits, and leaves no process behind.
 *
 * Never: passes on our environment, descriptors or our standard input; throws for what the program
 * does; returns before every process of the call is gone, also after setsid or a double fork:
 * they live in a process namespace that dies with its first process.
 * After a crash of ours the kernel kills the sandbox (--die-with-parent).
 */
import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { gone, readStatus, type Status } from "./namespace.ts";
import { type Collected, createCollector, type Sink } from "./output.ts";
import {
  type ExecuteOptions,
  type Isolation,
  killIn,
  type Started,
  sandboxStatusFd,
  startInside,
} from "./start.ts";

export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly timeoutSeconds: number;
  /** Further variables of this program alone. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What the program reads on its standard input; it has none otherwise. */
  readonly input?: Uint8Array;
  /** Takes its standard error, which is part of the output otherwise. */
  readonly heard?: (chunk: Buffer) => void;
  readonly output: {
    readonly headBytes: number;
    readonly tailBytes: number;
    readonly maxBytes: number;
    readonly open: () => Sink;
  };
}

export type Ending =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "timeout"; readonly seconds: number }
  | { readonly kind: "aborted" }
  /** The sandbox itself could not be set up; the program never ran. */
  | { readonly kind: "broken"; readonly why: string };

export interface Executed {
  readonly ending: Ending;
  readonly output: Collected;
}

export type Execute = (command: Command, signal: AbortSignal) => Promise<Executed>;

/** One sandbox per call; calls may run side by side. */
export const createExecute =
  (options: ExecuteOptions): Execute =>
  async (command, signal) => {
    const collector = createCollector(command.output);
    if (signal.aborted) return { ending: { kind: "aborted" }, output: collector.end() };
    const child = startInside(options, programOf(command));
    child.stdout?.on("data", collector.add);
    child.stderr?.on("data", command.heard ?? collector.add);
    give(child, command.input);
    const status = readStatus(child.stdio[sandboxStatusFd] as Readable | null);
    const cut = killOn(child, options.isolation.kind, command.timeoutSeconds, signal);
    const exited = await ended(child);
    cut.clear();
    await drained([child.stdio[sandboxStatusFd] as Readable | null]);
    await gone(status.firstProcess());
    await drained([child.stdout, child.stderr]);
    const output = collector.end();
    return { ending: judge(options.isolation, command, exited, cut.cause(), status), output };
  };

function judge(
  isolation: Isolation,
  command: Command,
  exited: Exited,
  cause: "timeout" | "aborted" | null,
  status: Status,
): Ending {
  if (exited.error !== null) return { kind: "broken", why: exited.error };
  if (cause === "timeout") return { kind: "timeout", seconds: command.timeoutSeconds };
  if (cause === "aborted") return { kind: "aborted" };
  // Killed from outside, by the kernel short of memory: the program ran, so this is its end.
  const ran = isolation.kind === "none" || status.finished() || exited.killed;
  if (!ran) return { kind: "broken", why: "the sandbox could not be set up" };
  return { kind: "exit", code: exited.code };
}

/** One stream of both outputs in their order, unless the second is heard apart. */
function programOf({ argv, heard, timeoutSeconds, environment, input }: Command): Started {
  const merged = ["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", ...argv];
  return {
    ...{ argv: heard === undefined ? merged : argv, seconds: timeoutSeconds, environment },
    hasInput: input !== undefined,
  };
}

function give({ stdin }: ChildProcess, input: Uint8Array | undefined): void {
  if (stdin === null || input === undefined) return;
  // A program that ends before it has read all, or never starts, is judged by how it ended.
  stdin.on("error", () => undefined);
  stdin.end(input);
}

interface Cut {
  readonly cause: () => "timeout" | "aborted" | null;
  readonly clear: () => void;
}

function killOn(
  child: ChildProcess,
  isolation: Isolation["kind"],
  seconds: number,
  signal: AbortSignal,
): Cut {
  let cause: "timeout" | "aborted" | null = null;
  const cutWith = (reason: "timeout" | "aborted") => () => {
    cause ??= reason;
    killIn(child, isolation);
  };
  const timer = setTimeout(cutWith("timeout"), seconds * 1000);
  const aborted = cutWith("aborted");
  signal.addEventListener("abort", aborted, { once: true });
  return {
    cause: () => cause,
    clear() {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      // Whoever is still in the group when the first process is gone has no business any more.
      killIn(child, isolation);
    },
  };
}

interface Exited {
  readonly code: number;
  readonly killed: boolean;
  readonly error: string | null;
}

function ended(child: ChildProcess): Promise<Exited> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: 127, killed: false, error: error.message }));
    child.once("exit", (code, signal) =>
      resolve({
        code: code ?? (signal === "SIGKILL" ? 137 : 143),
        killed: signal !== null,
        error: null,
      }),
    );
  });
}

const drainMs = 500;

/**
 * Reads what is left in the pipes. Inside the sandbox all writers are dead by now; without one a
 * process that left the group may hold a pipe, and is not waited for.
 */
async function drained(pipes: readonly (Readable | null)[]): Promise<void> {
  const streams = pipes.filter((stream) => stream !== null);
  const closed = streams.map(
    (stream) =>
      new Promise<void>((resolve) => {
        if (stream.closed) resolve();
        else stream.once("close", () => resolve());
      }),
  );
  const patience = new AbortController();
  const enough = sleep(drainMs, undefined, { signal: patience.signal }).catch(() => undefined);
  await Promise.race([Promise.all(closed), enough]);
  patience.abort();
  for (const stream of streams) stream.destroy();
}
