/** A rule that a contract breaks beyond what its schema says, by its path in the file. */
import type { KeyPath } from "../../config/source.ts";

export interface Broken {
  readonly path: KeyPath;
  readonly of?: "key" | "value";
  readonly why: string;
  readonly remedy: string;
}

/** What was read, as far as it goes, and what is wrong with it. */
export interface Read<T> {
  readonly value: T;
  readonly broken: readonly Broken[];
}
