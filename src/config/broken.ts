/** What is wrong with one value of a file. Types only. */
import type { KeyPath } from "./source.ts";

/** A rule that a value breaks, by its path in the file. */
export interface Broken {
  readonly path: KeyPath;
  readonly why: string;
  readonly remedy: string;
}
