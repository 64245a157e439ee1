/** A file of rows into a table of a SQLite file: all of it or nothing. Never: reads either here (program.ts). */
import { extname } from "node:path";
import { type ImportFormat, type ImportRequest, importFormats } from "../../data/protocol.ts";
import { answeringLater, numberOr, refused, text, textOr } from "../answer.ts";
import { absolute, readable } from "../files/reach.ts";
import type { ToolResult } from "../result.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { askProgram, askSafely, copyOf, databaseAt, marked, toOpen } from "./program.ts";

const defaultSeconds = 600;

const formats: Readonly<Record<string, ImportFormat>> = {
  ".csv": "csv",
  ".tsv": "csv",
  ".txt": "csv",
  ".json": "json",
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
  ".parquet": "parquet",
};

export const importData: Tool = {
  name: "import_data",
  description:
    "Imports a CSV, JSON, NDJSON or Parquet file into a table of a SQLite file, all of it or nothing. Names come from " +
    "the file, types from all its values: what would change as a number, e.g. 007, stays text. Large files are fine.",
  parameters: {
    type: "object",
    properties: {
      file: { type: "string", minLength: 1, description: "What to import" },
      db: { type: "string", minLength: 1, description: "The SQLite file; made if there is none" },
      table: { type: "string", minLength: 1, maxLength: 100 },
      mode: {
        type: "string",
        enum: ["create", "append", "replace"],
        description: "create (default): the table must not exist",
      },
      format: { type: "string", enum: importFormats, description: "Default: by the file's name" },
      header: { type: "boolean", description: "CSV: the first line has the names (default true)" },
      delimiter: {
        type: "string",
        minLength: 1,
        maxLength: 1,
        description: "CSV (default: found out)",
      },
      encoding: {
        type: "string",
        enum: ["utf8", "latin1", "utf16le"],
        description: "CSV (default utf8)",
      },
      types: {
        type: "object",
        additionalProperties: { type: "string", enum: ["INTEGER", "REAL", "TEXT", "BLOB"] },
        description: "Column → type, where the one that is found is not right",
      },
      bad_rows: {
        type: "string",
        enum: ["refuse", "skip"],
        description: "refuse (default): nothing is imported when one is bad",
      },
      timeout_seconds: { type: "number", exclusiveMinimum: 0, description: "Default 600" },
    },
    required: ["file", "db", "table"],
    additionalProperties: false,
  },
  parallel: false,
  run: (args, context) => answeringLater(context, () => run(args, context)),
};

async function run(
  args: Readonly<Record<string, unknown>>,
  context: ToolContext,
): Promise<ToolResult> {
  const { files } = context;
  const asked = absolute(files.workspace, text(args, "file"));
  const { path: file, strange } = toOpen(files, readable(files), asked);
  const place = databaseAt(context, text(args, "db"), "write");
  const extension = extname(file).toLowerCase();
  const format = (args["format"] ?? formats[extension]) as ImportFormat | undefined;
  if (format === undefined) return refused(`${file}: set format, the name does not say it`);
  const request: Omit<ImportRequest, "backup"> = {
    ...{ op: "import", file, format, db: place.path, table: text(args, "table") },
    mode: textOr(args, "mode", "create") as ImportRequest["mode"],
    header: args["header"] !== false,
    delimiter: extension === ".tsv" ? "\t" : textOr(args, "delimiter", "") || null,
    encoding: textOr(args, "encoding", "utf8") as ImportRequest["encoding"],
    types: (args["types"] ?? {}) as Readonly<Record<string, string>>,
    badRows: args["bad_rows"] === "skip" ? "skip" : "refuse",
  };
  const seconds = numberOr(args, "timeout_seconds", defaultSeconds);
  const result = await askSafely(context, place.path, (isCopied) =>
    askProgram(context, { ...request, backup: { ...copyOf(context), done: isCopied } }, seconds),
  );
  return marked(result, [place, { ...place, strange }]);
}
