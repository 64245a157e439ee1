/**
 * What can go wrong with a memory file, as errors for people and as a word for programs. Every code of SQLite
 * has one fate here; what is not SQLite's passes through unchanged.
 */
import { isDiskTrouble } from "../system/disk.ts";
import { ConError, type ExitCode, exit, reasonOf } from "../system/errors.ts";

/**
 * `disk`: full, read-only or failing, nothing was changed, later may do. `busy`: another process held the file
 * too long. `damaged`: the next opening sets the file aside. `newer`: a later version of con wrote it. `older`: an
 * earlier one did, and who only looks does not bring it up to date.
 * `input`: the caller asked for what cannot be.
 */
export type Trouble = "disk" | "busy" | "damaged" | "newer" | "older" | "input" | "software";

export class MemoryError extends ConError {
  readonly trouble: Trouble;

  constructor(trouble: Trouble, what: string, why: string, remedy: string, options?: ErrorOptions) {
    super(codes[trouble], what, why, remedy, options);
    this.trouble = trouble;
  }
}

const codes: Readonly<Record<Trouble, ExitCode>> = {
  disk: exit.tryLater,
  busy: exit.tryLater,
  damaged: exit.unavailable,
  newer: exit.configuration,
  older: exit.unavailable,
  input: exit.badInput,
  software: exit.software,
};

const remedies: Readonly<Record<Trouble, string>> = {
  disk: "make room on the disk and try again",
  busy: "try again when the other process has ended",
  damaged: "open it again: the file is then set aside and a new one begun",
  newer: "install the version of con that wrote it",
  older: "start con-upkeep@NAME.service of the agent",
  input: "correct the request",
  software: "report this",
};

const families: readonly (readonly [prefix: string, trouble: Trouble])[] = [
  ["SQLITE_FULL", "disk"],
  // A page that cannot be read back is not what was written.
  ["SQLITE_IOERR_CORRUPTFS", "damaged"],
  ["SQLITE_IOERR", "disk"],
  ["SQLITE_READONLY", "disk"],
  ["SQLITE_CANTOPEN", "disk"],
  ["SQLITE_PERM", "disk"],
  ["SQLITE_AUTH", "disk"],
  ["SQLITE_NOMEM", "disk"],
  ["SQLITE_BUSY", "busy"],
  ["SQLITE_LOCKED", "busy"],
  ["SQLITE_PROTOCOL", "busy"],
  ["SQLITE_CORRUPT", "damaged"],
  ["SQLITE_NOTADB", "damaged"],
  ["SQLITE_FORMAT", "damaged"],
];

/** SQLite's name for what it threw, or null where something else did. */
function sqliteCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && code.startsWith("SQLITE_") ? code : null;
}

/** Null for what SQLite has no part in. */
export function troubleOf(error: unknown): Trouble | null {
  if (error instanceof MemoryError) return error.trouble;
  const code = sqliteCode(error);
  if (code === null) return isDiskTrouble(error) ? "disk" : null;
  return families.find(([prefix]) => code.startsWith(prefix))?.[1] ?? "software";
}

/** Runs `act`; what SQLite throws becomes a `MemoryError` that names `path`. */
export function guarded<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw named(path, error);
  }
}

/** The error to throw for `error`. */
export function named(path: string, error: unknown): unknown {
  const trouble = troubleOf(error);
  if (trouble === null || error instanceof MemoryError) return error;
  const code = sqliteCode(error);
  const why = code === null ? reasonOf(error) : `${reasonOf(error)} (${code})`;
  return new MemoryError(trouble, `memory ${path}`, why, remedies[trouble], { cause: error });
}

export const badInput = (what: string, why: string, remedy: string = remedies.input): MemoryError =>
  new MemoryError("input", what, why, remedy);
