/**
 * Rows as a file: CSV, JSON or NDJSON by its name. Whole or not at all: it is renamed to its place at the end.
 * After a crash: at worst `.con-tmp-HEX` beside it.
 */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { dirname, extname, join } from "node:path";
import type { Value } from "./params.ts";
import { csvLine, jsonLine } from "./show.ts";

type Form = "csv" | "json" | "ndjson";

/** Null for a name that says none. */
export function formOf(path: string): Form | null {
  const forms: Readonly<Record<string, Form>> = {
    ".csv": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
  };
  return forms[extname(path).toLowerCase()] ?? null;
}

export interface RowsFile {
  readonly path: string;
  readonly add: (values: readonly Value[]) => void;
  readonly rows: () => number;
  readonly bytes: () => number;
  /** Puts it in its place. */
  readonly finish: () => void;
  readonly abandon: () => void;
}

const chunk = 1 << 20;

export function openRowsFile(path: string, form: Form, columns: readonly string[]): RowsFile {
  fs.mkdirSync(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.con-tmp-${randomBytes(8).toString("hex")}`);
  const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
  const fd = fs.openSync(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o666);
  let pending = form === "csv" ? `${csvLine(columns)}\n` : "";
  let rows = 0;
  let bytes = 0;
  const flush = (): void => {
    const made = Buffer.from(pending);
    fs.writeFileSync(fd, made);
    bytes += made.length;
    pending = "";
  };
  const lineOf = (values: readonly Value[]): string => {
    if (form === "csv") return `${csvLine(values)}\n`;
    if (form === "ndjson") return `${jsonLine(columns, values)}\n`;
    return `${rows === 0 ? "[\n" : ",\n"}${jsonLine(columns, values)}`;
  };
  return {
    path,
    add(values) {
      pending += lineOf(values);
      rows += 1;
      if (pending.length >= chunk) flush();
    },
    rows: () => rows,
    bytes: () => bytes + pending.length,
    finish() {
      if (form === "json") pending += rows === 0 ? "[]\n" : "\n]\n";
      flush();
      fs.fsyncSync(fd);
      fs.closeSync(fd);
      fs.renameSync(temporary, path);
    },
    abandon() {
      fs.closeSync(fd);
      fs.rmSync(temporary, { force: true });
    },
  };
}

/** `use` fills the file; when it throws there is none. */
export function writingRows<T>(file: RowsFile, use: (file: RowsFile) => T): T {
  try {
    const result = use(file);
    file.finish();
    return result;
  } catch (error) {
    file.abandon();
    throw error;
  }
}
