/** What the installer is told by root, and what it answers beside files. Types only. */
import type { LayerName } from "./names.ts";

export interface LayerOrder extends LayerName {
  readonly version: 1;
  /** Of the package's own archive: `sha512-BASE64` (node) or `sha256:HEX` (python); null = not known. */
  readonly integrity: string | null;
  /** Null: the public one of the language. */
  readonly registry: string | null;
  /** What went into it when it was laid down before; null = not yet. */
  readonly lock: string | null;
}

/** The first file of an archive: what went into it, and for people what that was. */
export interface LayerLock {
  readonly version: 1;
  /** In the form of the language's own tool. */
  readonly text: string;
  readonly integrity: string | null;
  /** `NAME==VERSION`, all of them. */
  readonly packages: readonly string[];
}

export const lockEntry = "con-layer.lock";
