/**
 * The gateway's ledger, opened to read, by a reader who may write nothing beside it. SQLite is loaded only when
 * there is something to ask.
 *
 * A ledger in use has a `-wal` beside it and is opened where it lies. Without one nobody uses it and the file
 * says all: it is read into memory, because SQLite would make a `-wal` and a `-shm` of root's there, which the
 * gateway could not open. Never: writes, or leaves anything.
 */
import fs from "node:fs";
import type Database from "better-sqlite3";
import type { Verdict } from "../../types.ts";
import type { Places } from "./places.ts";
import { skipped, unable } from "./verdicts.ts";

export type LedgerReader = (
  sql: string,
  ...values: number[]
) => Readonly<Record<string, unknown>>[];

export interface LedgerState {
  /** Another number is another file. */
  readonly inode: string;
  /** Equal as long as nobody writes. */
  readonly print: string;
  /** When somebody wrote to it last, epoch milliseconds. */
  readonly changedMs: number;
}

/** Null when there is none. */
export function ledgerState({ ledger }: Pick<Places, "ledger">): LedgerState | null {
  const main = fs.lstatSync(ledger, { bigint: true, throwIfNoEntry: false });
  if (main === undefined) return null;
  const wal = fs.lstatSync(`${ledger}-wal`, { bigint: true, throwIfNoEntry: false });
  const changedMs = Math.max(Number(main.mtimeMs), Number(wal?.mtimeMs ?? 0n));
  const print = [main.ino, main.size, main.mtimeNs, wal?.size ?? 0n, wal?.mtimeNs ?? 0n].join(" ");
  return { inode: String(main.ino), print, changedMs };
}

/** Runs `act` with the ledger, which is there; what SQLite says against it is a verdict. */
export async function withLedger<T = Verdict>(
  { ledger }: Pick<Places, "ledger">,
  damaged: (why: string) => T,
  act: (read: LedgerReader) => T | Promise<T>,
): Promise<T | Verdict> {
  const source = await sourceOf(ledger);
  if (typeof source === "object" && "why" in source) return unable(source.why);
  const { default: Sqlite } = await import("better-sqlite3");
  let database: Database.Database | null = null;
  try {
    database = new Sqlite(source, { readonly: true, timeout: 2000 });
    const open = database;
    return await act((sql, ...values) =>
      open.prepare<number[], Record<string, unknown>>(sql).all(...values),
    );
  } catch (error) {
    const code = codeOf(error);
    if (code === null) throw error;
    if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_CANTOPEN"))
      return unable(`the ledger cannot be opened now (${code})`);
    return damaged(`SQLite says ${code}`);
  } finally {
    database?.close();
  }
}

const mostBytes = 512 << 20;
const tries = 3;
/** SQLite's file header: how the file is written and read; 2 = with a log beside it, 1 = alone. */
const versions = { at: 18, alone: Buffer.of(1, 1) } as const;

/** The path of a ledger in use, or the bytes of one that rests. */
async function sourceOf(ledger: string): Promise<string | Buffer | { readonly why: string }> {
  if (!fs.lstatSync(ledger).isFile()) return { why: "the ledger is no regular file" };
  for (let tried = 0; tried < tries; tried += 1) {
    if (fs.existsSync(`${ledger}-wal`)) return ledger;
    const before = fs.statSync(ledger, { bigint: true });
    if (before.size > mostBytes) return { why: "the ledger is too large to be read at rest" };
    const bytes = await fs.promises.readFile(ledger);
    const after = fs.statSync(ledger, { bigint: true });
    // Somebody began to use it meanwhile: the copy may be of two times.
    if (fs.existsSync(`${ledger}-wal`) || before.mtimeNs !== after.mtimeNs) continue;
    if (bytes.length > versions.at + 2) versions.alone.copy(bytes, versions.at);
    return bytes;
  }
  return { why: "the ledger changes too fast to be read" };
}

function codeOf(error: unknown): string | null {
  const code = error instanceof Error ? (error as { code?: unknown }).code : null;
  return typeof code === "string" && code.startsWith("SQLITE_") ? code : null;
}

export const noLedger = skipped("there is no ledger yet: no model was called");

export const count = (value: unknown): number => (typeof value === "number" ? value : 0);
