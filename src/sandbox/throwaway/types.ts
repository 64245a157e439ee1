/** What those who have code run see of the throw-away sandbox. Types only. */
import type { Missing, ServedEnding } from "./reply.ts";
import type { Language } from "./request.ts";

export interface RunRequest {
  readonly language: Language;
  readonly code: string;
  readonly arguments?: readonly string[];
  readonly stdin?: string;
  /** Laid into the working directory, by their relative paths. */
  readonly files?: readonly RunFile[];
  /** Relative paths of files that shall come back. */
  readonly outputs?: readonly string[];
  /** Default 60, at most 600. */
  readonly timeoutSeconds?: number;
  /** Of one process. Default 512, at most 1024. */
  readonly memoryMb?: number;
  /** Digests: names in /var/lib/con/layers, seen read-only at /layers/DIGEST. */
  readonly layers?: readonly string[];
  /** Hears what is printed as it comes, up to the head that is kept. Must not throw. */
  readonly onOutput?: (chunk: OutputChunk) => void;
}

export interface RunFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface OutputChunk {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

export type RunEnding =
  | ServedEnding
  /** By the signal of the caller; nothing of it is left. */
  | { readonly kind: "aborted" }
  /** The sandbox itself was ended in the middle, e.g. for want of memory. */
  | { readonly kind: "killed"; readonly why: string };

/** What was printed: all of it, or its beginning and its end. */
export interface Printed {
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly totalBytes: number;
}

export interface RunResult {
  readonly ending: RunEnding;
  readonly stdout: Printed;
  readonly stderr: Printed;
  /** Declared outputs that are there, and those that are not. Nothing after a time limit. */
  readonly files: readonly RunFile[];
  readonly missing: readonly Missing[];
  readonly durationMs: number;
  readonly cpuMs: number | null;
  readonly memoryBytes: number | null;
  readonly outOfMemory: boolean;
}

/** Never throws. */
export type RunThrowaway = (request: RunRequest, signal: AbortSignal) => Promise<RunResult>;
