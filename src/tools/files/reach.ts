/**
 * Which paths a file tool may use. Pure: directories of a policy against a path, and what is said when the
 * answer is no. `open.ts` holds it against the real file system.
 */
import { resolve } from "node:path";
import { isWithin } from "../../sandbox/bwrap.ts";
import type { EndedGrant, FilePolicy } from "../policies.ts";
import type { DenialCode } from "../result.ts";

export type Use = "read" | "write";

/** Directories that a call may use, and those that it may not although one above is permitted. */
export interface Reach {
  readonly use: Use;
  readonly roots: readonly string[];
  readonly denied: readonly string[];
  /** Grants that were and are over. */
  readonly ended: readonly EndedGrant[];
}

export const readable = (files: FilePolicy): Reach => reach("read", files.readable, files);
export const writable = (files: FilePolicy): Reach => reach("write", files.writable, files);

const reach = (use: Use, roots: readonly string[], files: FilePolicy): Reach => ({
  use,
  roots,
  denied: files.denied,
  ended: (files.ended ?? []).filter((one) => one.use === use),
});

/** What we write ourselves, e.g. the output of a command. */
export const below = (directory: string): Reach => ({
  use: "write",
  roots: [directory],
  denied: [],
  ended: [],
});

/** Which rule refuses a path; without one a path is only of no use, e.g. it does not exist. */
export interface Refusal {
  readonly code: Extract<DenialCode, "not_granted" | "expired" | "bad_path" | "kernel">;
  readonly use: Use;
  readonly path: string;
  /** What is permitted instead. */
  readonly roots: readonly string[];
  /** When the grant was over. */
  readonly ended: EndedGrant | null;
}

/** What a tool says instead of doing it. Every other error is a bug or the disk. */
export class Denied extends Error {
  override readonly name = "Denied";
  readonly refusal: Refusal | null;
  constructor(
    message: string,
    { cause, refusal = null }: { readonly cause?: unknown; readonly refusal?: Refusal | null } = {},
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.refusal = refusal;
  }
}

/** The permitted directory that decides about `path`: the longest one; null when a denied one does. */
export function rootOf(
  { roots, denied }: Pick<Reach, "roots" | "denied">,
  path: string,
): string | null {
  const longest = (directories: readonly string[]): string | null =>
    directories
      .filter((directory) => isWithin(directory, path))
      .reduce<string | null>((a, b) => (a === null || b.length > a.length ? b : a), null);
  const root = longest(roots);
  const closed = longest(denied);
  return root !== null && (closed === null || root.length > closed.length) ? root : null;
}

export const permits = (within: Pick<Reach, "roots" | "denied">, path: string): boolean =>
  rootOf(within, path) !== null;

/** Longest name of one file on every file system that matters. */
const maxName = 255;

/** Relative paths start in the workspace. `..` takes away a name, as it is written. */
export function absolute(workspace: string, path: string): string {
  if (path.includes("\0")) throw new Denied("a path cannot contain a NUL character");
  const whole = resolve(workspace, path);
  // Said before anything is made on the way.
  if (whole.split("/").some((name) => Buffer.byteLength(name) > maxName))
    throw new Denied(`a name in the path is longer than ${maxName} bytes`);
  return whole;
}

/** `asked` is the path as it was asked for: where a link leads is not said. */
export function outside(within: Reach, asked: string): Denied {
  const { use, roots, denied } = within;
  const ended = within.ended.find(({ directory }) => isWithin(directory, asked)) ?? null;
  const isPrivate = denied.some((directory) => isWithin(directory, asked));
  const code = isPrivate ? "bad_path" : ended === null ? "not_granted" : "expired";
  return new Denied(`${asked} is outside what you may use here: ${roots.join(", ")}`, {
    refusal: { code, use, path: asked, roots, ended },
  });
}
