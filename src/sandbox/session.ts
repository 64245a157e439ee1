/**
 * Starts one program inside the sandbox that goes on until it ends or is closed, and speaks over its standard input
 * and output.
 *
 * Never: passes on our environment or descriptors; throws for what the program does; says that it is over before
 * every process of it is gone. After a crash of ours the kernel kills the sandbox (--die-with-parent). The last
 * words of its standard error are kept, and no more.
 */
import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { gone, readStatus } from "./namespace.ts";
import { safeText } from "./output.ts";
import { type ExecuteOptions, killIn, sandboxStatusFd, startInside } from "./start.ts";

export interface Program {
  readonly argv: readonly [string, ...string[]];
  /** Further variables of this program alone; no other process sees them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Processor time of each of its processes is bounded by a multiple of it. */
  readonly seconds: number;
}

export interface Session {
  /** False when its input is closed or full: what does not fit is the program's fault. */
  readonly write: (text: string) => boolean;
  readonly onData: (take: (chunk: Buffer) => void) => void;
  /** Ends its input, kills all of it a moment later; resolves when nothing is left. */
  readonly close: () => Promise<void>;
  /** Never rejects. */
  readonly over: Promise<Ended>;
}

export interface Ended {
  /** How it ended. */
  readonly how: string;
  /** The last of its standard error, made safe. */
  readonly said: string;
}

/** Bytes of standard error that are kept. */
const mostWords = 2_000;
/** For a program to end by itself. */
const politeMs = 300;
/** Bytes that wait for a program that does not read. */
const mostWaiting = 32 * 2 ** 20;

export function openSession(options: ExecuteOptions, program: Program): Session {
  const child = startInside(options, { ...program, hasInput: true });
  const status = readStatus(child.stdio[sandboxStatusFd] as Readable | null);
  let words: Buffer = Buffer.alloc(0);
  child.stderr?.on("data", (chunk: Buffer) => {
    words = Buffer.concat([words, chunk]).subarray(-mostWords);
  });
  // A program that has ended is told by how it ended.
  child.stdin?.on("error", () => undefined);
  const over = ended(child).then(async (how) => {
    killIn(child, options.isolation.kind);
    await gone(status.firstProcess());
    return { how, said: safeText(words).trim() };
  });
  return {
    write: (text) => {
      const { stdin } = child;
      if (stdin === null || !stdin.writable || stdin.writableLength > mostWaiting) return false;
      stdin.write(text);
      return true;
    },
    onData: (take) => void child.stdout?.on("data", take),
    async close() {
      child.stdin?.end();
      await Promise.race([over, sleep(politeMs)]);
      killIn(child, options.isolation.kind);
      await over;
    },
    over,
  };
}

const ended = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once("error", (error) => resolve(`it could not be started: ${error.message}`));
    child.once("exit", (code, signal) =>
      resolve(code === null ? `it was killed by ${signal}` : `it ended with exit code ${code}`),
    );
  });
