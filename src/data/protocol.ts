/**
 * What the runner asks the data program, and what it says. Types only.
 *
 * The program runs inside the sandbox of an agent's tools: it gets paths that were checked, and nothing else. One request
 * on standard input, one reply as the last line of its output.
 */

/** The last line begins with it: what a library prints before is no reply. */
export const replyMark = "con-data:";

export type DataRequest =
  | SqlRequest
  | ImportRequest
  | {
      readonly op: "vectors";
      readonly db: string;
      readonly table: string;
      readonly act: VectorAct;
    };

export interface SqlRequest {
  readonly op: "sql";
  readonly db: string;
  /** The rules of files let this agent write it. */
  readonly writable: boolean;
  /** Further databases by the names that they have in the statement; they are only read. */
  readonly attach: Readonly<Record<string, string>>;
  readonly sql: string;
  readonly params: Params;
  /** The statement is run once for each of them, in one transaction. */
  readonly many: readonly Params[] | null;
  readonly show: Show;
  /** All rows go there instead. */
  readonly saveTo: string | null;
  readonly backup: Backup;
}

export type Params = readonly unknown[] | Readonly<Record<string, unknown>>;

export interface Show {
  readonly format: "table" | "json";
  /** Rows of a reply. */
  readonly rows: number;
  /** Characters of a reply. */
  readonly chars: number;
  /** Rows that do not fit a reply go there. */
  readonly overflow: string;
  readonly overflowBytes: number;
}

export interface Backup {
  /** Where a copy goes, if one is needed. */
  readonly path: string;
  /** It was made and is in a safe place. */
  readonly done: boolean;
  /** A database of more than this is not copied, so not destroyed either. */
  readonly maxBytes: number;
}

export const importFormats = ["csv", "json", "ndjson", "parquet"] as const;
export type ImportFormat = (typeof importFormats)[number];

export interface ImportRequest {
  readonly op: "import";
  readonly file: string;
  readonly format: ImportFormat;
  readonly db: string;
  readonly table: string;
  readonly mode: "create" | "append" | "replace";
  /** Of CSV: the first line names the columns. */
  readonly header: boolean;
  /** Of CSV; null = found out from the first line. */
  readonly delimiter: string | null;
  readonly encoding: "utf8" | "latin1" | "utf16le";
  /** Column → type, instead of the one that was found. */
  readonly types: Readonly<Record<string, string>>;
  readonly badRows: "refuse" | "skip";
  readonly backup: Backup;
}

export type VectorAct =
  | { readonly kind: "create"; readonly columns: readonly string[]; readonly model: Model }
  | { readonly kind: "insert"; readonly rows: readonly Readonly<Record<string, unknown>>[] }
  /** Rows of a SELECT over the same database. */
  | { readonly kind: "insert-from"; readonly select: string }
  /** Keeps `made`, if any, and gives the next texts that have no vector. */
  | {
      readonly kind: "batch";
      readonly model: Model;
      /** Row id and the numbers as base64 of little-endian float32. */
      readonly made: readonly { readonly id: string; readonly vector: string }[];
      readonly rows: number;
      readonly bytes: number;
    }
  /** Forgets all vectors: they are to be made by `model`. */
  | { readonly kind: "reset"; readonly model: Model }
  | {
      readonly kind: "search";
      readonly model: Model;
      readonly vector: string;
      readonly limit: number;
      readonly chars: number;
    }
  | { readonly kind: "remove"; readonly ids: readonly string[]; readonly backup: Backup }
  | { readonly kind: "info" };

export interface Model {
  readonly model: string;
  readonly dimensions: number;
}

export type DataReply =
  | { readonly kind: "done"; readonly text: string }
  | { readonly kind: "refused"; readonly why: string }
  /** The statement changes the database, which the rules of files do not let this agent do. */
  | { readonly kind: "needs-write" }
  /** Nothing was changed yet: a copy lies at the path of the request; ask again when it is safe. */
  | { readonly kind: "backup"; readonly why: string }
  /** Vectors of this table are of another model. */
  | { readonly kind: "other-model"; readonly model: string }
  | {
      readonly kind: "batch";
      readonly texts: readonly { readonly id: string; readonly text: string }[];
      /** Rows without a vector, these included. */
      readonly left: number;
    };
