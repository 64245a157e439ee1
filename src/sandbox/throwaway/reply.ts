/** What came of a run, as it is said over the socket. Types, and reading them back. Pure. */
import { bounds } from "./bounds.ts";
import { FrameError } from "./frame.ts";
import { isSafePath } from "./request.ts";

export type ServedEnding =
  /** `signal` is the number of the one that ended it, or null. */
  | { readonly kind: "exit"; readonly code: number; readonly signal: number | null }
  | { readonly kind: "timeout"; readonly seconds: number }
  /** Nothing was run, because of what was asked or who asked. */
  | { readonly kind: "refused"; readonly why: string }
  /** The sandbox could not be made. */
  | { readonly kind: "unavailable"; readonly why: string };

/** The bytes of `files` follow, in their order. */
export interface Reply {
  readonly version: 1;
  readonly ending: ServedEnding;
  readonly durationMs: number;
  /** Of all its processes; null where it is not known. */
  readonly cpuMs: number | null;
  /** The most that all of them had, files included; null where it is not known. */
  readonly memoryBytes: number | null;
  /** The kernel killed something for want of memory. */
  readonly outOfMemory: boolean;
  /** Bytes printed in all. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly files: readonly string[];
  readonly missing: readonly Missing[];
}

/** A declared output that did not come back. */
export interface Missing {
  readonly path: string;
  readonly why: string;
}

export const nothingRun = (ending: ServedEnding): Reply => ({
  version: 1,
  ending,
  durationMs: 0,
  cpuMs: null,
  memoryBytes: null,
  outOfMemory: false,
  stdoutBytes: 0,
  stderrBytes: 0,
  files: [],
  missing: [],
});

/** It is con's own program that says this; paths are looked at again all the same: they name files here. */
export function parseReply(bytes: Uint8Array): Reply {
  const reply = JSON.parse(Buffer.from(bytes).toString("utf8")) as Reply | null;
  const isOurs =
    reply?.version === 1 &&
    typeof reply.ending?.kind === "string" &&
    [reply.stdoutBytes, reply.stderrBytes].every(Number.isSafeInteger) &&
    [reply.files, reply.missing].every((list) => Array.isArray(list)) &&
    reply.files.length <= bounds.outputs &&
    reply.files.every((path) => typeof path === "string" && isSafePath(path));
  if (reply === null || !isOurs) throw new FrameError("it is no reply of this version");
  return reply;
}
