/** What forged tools are. Types only. */
import type { Language } from "../../sandbox/throwaway/request.ts";

export type Json = Readonly<Record<string, unknown>>;

/** One call and what shall come of it. */
export interface Example {
  readonly arguments: Json;
  readonly result: unknown;
}

/** What the caller wants. */
export interface Order {
  readonly name: string;
  readonly purpose: string;
  readonly language: Language;
  /** JSON Schemas. */
  readonly inputs: Json;
  readonly output: Json;
  readonly examples: readonly Example[];
  readonly limits: Limits;
}

export interface Limits {
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
}

/** What the coder wrote, before anybody believes in it. */
export interface Candidate {
  readonly code: string;
  readonly tests: readonly Example[];
  /** `NAME==VERSION`. */
  readonly dependencies: readonly string[];
}

/** A package that forged tools may use: people listed it. */
export interface ForgePackage {
  /** `NAME==VERSION`. */
  readonly package: string;
  readonly language: "node" | "python";
  /** Digests of its archive and of its layer, where people pinned them. */
  readonly integrity: string | null;
  readonly layer: string | null;
  /** What programs import of it. */
  readonly provides: readonly string[];
}

/** In their order. `answer`: what the coder said cannot be read. */
export const stages = ["answer", "parse", "static", "dependencies", "tests"] as const;
export type Stage = (typeof stages)[number];

export interface Failure {
  readonly stage: Stage;
  /** For the coder: what is wrong, so that it can do better. */
  readonly why: string;
}

/** `tool.json` of a version: all that a call needs beside the code. */
export interface Manifest {
  readonly format: 1;
  readonly name: string;
  readonly version: number;
  readonly purpose: string;
  readonly language: Language;
  readonly inputs: Json;
  readonly output: Json;
  readonly limits: Limits;
  readonly dependencies: readonly string[];
  /** Digests of the layers that it sees. */
  readonly layers: readonly string[];
  /** It was made by a task that had read words of strangers: so what it says are a stranger's words. */
  readonly tainted: boolean;
  readonly made: {
    /** Epoch milliseconds. */
    readonly at: number;
    readonly task: string;
    readonly rounds: number;
    /** Who wrote the code. */
    readonly model: string;
  };
}

/** Null when the value fits, else what is wrong. */
export type Fits = (value: unknown) => string | null;
