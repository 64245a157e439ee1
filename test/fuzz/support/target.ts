/** What is fuzzed, and what may never come of it. */
import type { Random } from "./random.ts";

/** The code under test did what it must not; `message` says what. Anything else that is thrown counts as well. */
class Finding extends Error {
  override readonly name = "Finding";
}

export interface Subject {
  /** True when the input was taken. Throws for whatever breaks a promise. */
  readonly check: (input: Buffer) => boolean | Promise<boolean>;
  /** Good inputs, from which others are made. */
  readonly corpus: readonly Uint8Array[];
  /** An input by the grammar, right or nearly so. */
  readonly generate: (random: Random) => Buffer;
  readonly close?: () => Promise<void>;
}

export interface Target {
  readonly name: string;
  /** CPU time that one input may take whatever its size, milliseconds, and for each byte on top. */
  readonly patience?: { readonly ms: number; readonly msPerByte: number };
  readonly open: () => Promise<Subject>;
}

export function demand(holds: boolean, message: string): void {
  if (!holds) throw new Finding(message);
}
