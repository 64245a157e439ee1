/** SQL on a SQLite file. Never: opens it here (program.ts); destroys rows without a copy; shows bytes. */
import { join } from "node:path";
import type { Params, SqlRequest } from "../../data/protocol.ts";
import { answeringLater, numberOr, refused, text, textOr } from "../answer.ts";
import { locateWithin } from "../files/open.ts";
import { writable } from "../files/reach.ts";
import type { ToolResult } from "../result.ts";
import type { Tool, ToolContext } from "../tool.ts";
import {
  askProgram,
  askSafely,
  copyOf,
  databaseAt,
  marked,
  type Place,
  targetAt,
} from "./program.ts";

const defaultRows = 50;
const defaultSeconds = 60;

/** What each value may be, the program says. */
const params = {
  anyOf: [{ type: "array" }, { type: "object" }],
} as const;

export const sql: Tool = {
  name: "sql",
  description:
    "Runs one SQL statement on a SQLite file and returns rows, each a line. CREATE TABLE makes the file. Give values " +
    "in params, never in the text. Before DROP, or a change of many rows, a copy of the file is kept (restore_file). " +
    "More rows than limit go to a CSV file; save_to writes all of them to a file of your choice. Blobs are shown as " +
    "sizes. No ATTACH (see attach), no extensions, no BEGIN: each call is one transaction.",
  parameters: {
    type: "object",
    properties: {
      db: { type: "string", minLength: 1, description: "The file; absolute, or in the workspace" },
      sql: { type: "string", minLength: 1, maxLength: 200_000, description: "One statement" },
      params: {
        ...params,
        description:
          'For ?: a list. For :name: an object. Large integers: {"integer": "9007199254740993"}',
      },
      many: {
        type: "array",
        minItems: 1,
        maxItems: 10_000,
        items: params,
        description: "A list of params: the statement is run with each, all or none",
      },
      attach: {
        type: "object",
        maxProperties: 8,
        additionalProperties: { type: "string", minLength: 1 },
        description:
          "Name → file of further databases to read, e.g. {other: other.db} for other.table",
      },
      limit: {
        type: "integer",
        minimum: 1,
        maximum: 1000,
        description: "Rows in the reply (default 50)",
      },
      format: {
        type: "string",
        enum: ["table", "json"],
        description: "Of the reply (default table)",
      },
      save_to: {
        type: "string",
        pattern: "\\.(csv|json|ndjson|jsonl)$",
        description: "Writes all rows to this file: .csv, .json or .ndjson",
      },
      timeout_seconds: { type: "number", exclusiveMinimum: 0, description: "Default 60" },
    },
    required: ["db", "sql"],
    additionalProperties: false,
  },
  parallel: false,
  run: (args, context) => answeringLater(context, () => run(args, context)),
};

async function run(
  args: Readonly<Record<string, unknown>>,
  context: ToolContext,
): Promise<ToolResult> {
  const place = databaseAt(context, text(args, "db"), "read");
  const others = attached(args, context);
  if ("main" in others || "temp" in others)
    return refused("attach has other names than main and temp");
  const request = requestOf(args, context, { place, others });
  const seconds = numberOr(args, "timeout_seconds", defaultSeconds);
  const result = await askSafely(context, place.path, async (isCopied) => {
    const backup = { ...copyOf(context), done: isCopied };
    const reply = await askProgram(context, { ...request, backup }, seconds);
    // Says in words what the rules of files say.
    if (reply.kind === "needs-write") locateWithin(writable(context.files), place.path);
    return reply;
  });
  return marked(result, [place, ...Object.values(others)]);
}

const attached = (
  args: Readonly<Record<string, unknown>>,
  context: ToolContext,
): Readonly<Record<string, Place>> =>
  Object.fromEntries(
    Object.entries((args["attach"] ?? {}) as Readonly<Record<string, string>>).map(
      ([name, file]) => [name, databaseAt(context, file, "read")],
    ),
  );

function requestOf(
  args: Readonly<Record<string, unknown>>,
  context: ToolContext,
  { place, others }: { readonly place: Place; readonly others: Readonly<Record<string, Place>> },
): Omit<SqlRequest, "backup"> {
  const { files, shell, task, callId } = context;
  const saveTo = textOr(args, "save_to", "");
  return {
    op: "sql",
    db: place.path,
    writable: place.writable,
    attach: Object.fromEntries(Object.entries(others).map(([name, { path }]) => [name, path])),
    sql: text(args, "sql"),
    params: (args["params"] ?? []) as Params,
    many: (args["many"] ?? null) as readonly Params[] | null,
    saveTo: saveTo === "" ? null : targetAt(context, saveTo),
    show: {
      format: args["format"] === "json" ? "json" : "table",
      rows: numberOr(args, "limit", defaultRows),
      chars: shell.replyChars,
      overflow: join(files.workspace, ".con", "output", `${task.id}-${callId}.csv`),
      overflowBytes: shell.outputBytes,
    },
  };
}
