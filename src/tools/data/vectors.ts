/**
 * Tables of texts that are found by what they mean. Texts become vectors by the agent's embedder, in batches; the numbers
 * go from the embedder to the data program and back to nobody. Never: shows a number but a score.
 *
 * What has its vector is kept when a call ends early, however it ends; the next one goes on.
 */
import type { DataReply, Model, VectorAct } from "../../data/protocol.ts";
import { reasonOf } from "../../system/errors.ts";
import { answeringLater, numberOr, refused, text, textOr } from "../answer.ts";
import type { Embedding } from "../desks.ts";
import type { ToolResult } from "../result.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { askProgram, askSafely, copyOf, databaseAt, marked, resultOf } from "./program.ts";

const batch = { rows: 256, bytes: 1 << 20 };
const secondsOfOne = 60;
const defaultSeconds = 300;
const longestQuery = 8000;

export const vectors: Tool = {
  name: "vectors",
  description:
    "Keeps texts in a table of a SQLite file and finds them by what they mean. create makes the table; add takes rows " +
    "with text_to_embed and other columns, or from: a SELECT that gives such columns from the same file; search takes " +
    "query; remove takes ids; embed goes on where an add was cut off; reembed makes all vectors anew after a change " +
    "of model; info counts. You never see a vector. Read the table with sql like any other.",
  parameters: {
    type: "object",
    properties: {
      db: { type: "string", minLength: 1, description: "The SQLite file; create makes it" },
      table: { type: "string", pattern: "^[A-Za-z_][A-Za-z0-9_]{0,60}$" },
      action: {
        type: "string",
        enum: ["create", "add", "search", "remove", "embed", "reembed", "info"],
      },
      columns: {
        type: "array",
        maxItems: 50,
        items: { type: "string", minLength: 1, maxLength: 100 },
        description: "create: further columns beside id and text_to_embed",
      },
      rows: {
        type: "array",
        minItems: 1,
        maxItems: 2000,
        items: {
          type: "object",
          properties: { text_to_embed: { type: "string", minLength: 1 } },
          required: ["text_to_embed"],
        },
        description:
          'add: e.g. [{"text_to_embed": "…", "title": "…"}]; with id, a row of that id is replaced',
      },
      from: {
        type: "string",
        minLength: 1,
        description: "add: e.g. SELECT id, body AS text_to_embed, title FROM notes",
      },
      query: { type: "string", minLength: 1, description: "search: what to look for, in words" },
      limit: { type: "integer", minimum: 1, maximum: 100, description: "search (default 5)" },
      ids: { type: "array", minItems: 1, maxItems: 10_000, items: { type: "integer" } },
      timeout_seconds: { type: "number", exclusiveMinimum: 0, description: "Default 300" },
    },
    required: ["db", "table", "action"],
    additionalProperties: false,
  },
  parallel: false,
  run: (args, context) => answeringLater(context, () => run(args, context)),
};

interface Desk {
  readonly ask: (act: VectorAct, seconds?: number) => Promise<DataReply>;
  readonly embedding: Embedding;
  readonly context: ToolContext;
  /** Epoch milliseconds. */
  readonly until: number;
}

type Args = Readonly<Record<string, unknown>>;

async function run(args: Args, context: ToolContext): Promise<ToolResult> {
  const action = text(args, "action");
  const reads = action === "search" || action === "info";
  const place = databaseAt(context, text(args, "db"), reads ? "read" : "write");
  const embedding = await context.embedding?.();
  if (embedding === undefined) return refused("nobody makes vectors here");
  const table = text(args, "table");
  const desk: Desk = {
    ask: (act, seconds = secondsOfOne) =>
      askProgram(context, { op: "vectors", db: place.path, table, act }, seconds),
    ...{ embedding, context },
    until: context.now() + numberOr(args, "timeout_seconds", defaultSeconds) * 1000,
  };
  const result =
    action === "remove" ? await remove(desk, place.path, args) : await act(desk, action, args);
  return marked(result, [place]);
}

function act(desk: Desk, action: string, args: Args): Promise<ToolResult> {
  const model = modelOf(desk);
  switch (action) {
    case "create":
      return plain(desk, { kind: "create", columns: (args["columns"] ?? []) as string[], model });
    case "add":
      return add(desk, args);
    case "search":
      return search(desk, args);
    case "reembed":
      return thenEmbed(desk, desk.ask({ kind: "reset", model }, defaultSeconds));
    case "info":
      return plain(desk, { kind: "info" });
    default:
      return embed(desk, []);
  }
}

const modelOf = ({ embedding: { model, dimensions } }: Desk): Model => ({ model, dimensions });

const plain = async (desk: Desk, wanted: VectorAct): Promise<ToolResult> =>
  resultOf(await desk.ask(wanted));

async function remove({ ask, context }: Desk, db: string, args: Args): Promise<ToolResult> {
  const ids = ((args["ids"] ?? []) as readonly number[]).map(String);
  if (ids.length === 0) return refused("remove needs ids");
  return askSafely(context, db, (isCopied) =>
    ask({ kind: "remove", ids, backup: { ...copyOf(context), done: isCopied } }),
  );
}

function add(desk: Desk, args: Args): Promise<ToolResult> {
  const from = textOr(args, "from", "");
  const rows = (args["rows"] ?? []) as readonly Args[];
  if ((from === "") === (rows.length === 0))
    return Promise.resolve(refused("add needs either rows or from"));
  const wanted: VectorAct =
    from === "" ? { kind: "insert", rows } : { kind: "insert-from", select: from };
  return thenEmbed(desk, desk.ask(wanted, defaultSeconds));
}

async function thenEmbed(desk: Desk, asked: Promise<DataReply>): Promise<ToolResult> {
  const reply = await asked;
  return reply.kind === "done" ? embed(desk, [reply.text]) : resultOf(reply);
}

/** Batch after batch, each kept before the next is made. */
async function embed(desk: Desk, said: readonly string[]): Promise<ToolResult> {
  const { embedding, context, until } = desk;
  let made: Extract<VectorAct, { readonly kind: "batch" }>["made"] = [];
  let count = 0;
  const ended = (ok: boolean, ...lines: readonly string[]): ToolResult => ({
    ok,
    text: [...said, `${count} vectors made`, ...lines].join("\n"),
  });
  for (;;) {
    const reply = await desk.ask({ kind: "batch", model: modelOf(desk), made, ...batch });
    if (reply.kind === "other-model") return otherModel(desk, reply.model);
    if (reply.kind !== "batch") return ended(false, resultOf(reply).text);
    count += made.length;
    if (reply.texts.length === 0) return ended(true);
    const rest = `${reply.left} rows are left: action embed goes on`;
    if (context.signal.aborted) return ended(false, `the task was stopped; ${rest}`);
    if (context.now() >= until) return ended(false, `the time is up; ${rest}`);
    try {
      const numbers = await embedding.embed(
        reply.texts.map((one) => one.text),
        context.signal,
      );
      made = reply.texts.map(({ id }, at) => ({ id, vector: base64(numbers[at]) }));
    } catch (error) {
      return ended(false, `the embedder failed: ${reasonOf(error).slice(0, 300)}; ${rest}`);
    }
  }
}

function base64(vector: Float32Array | undefined): string {
  if (vector === undefined) return "";
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
}

const otherModel = ({ embedding }: Desk, model: string): ToolResult =>
  refused(
    `the vectors of this table are made by ${model}, and now ${embedding.model} is at hand: action reembed makes them anew, or try again when ${model} is back`,
  );

async function search(desk: Desk, args: Args): Promise<ToolResult> {
  const { embedding, context } = desk;
  const query = textOr(args, "query", "").slice(0, longestQuery).toWellFormed();
  if (query.trim() === "") return refused("search needs query");
  let vector: string;
  try {
    const [numbers] = await embedding.embed([query], context.signal);
    vector = base64(numbers);
  } catch (error) {
    return refused(`the embedder failed: ${reasonOf(error).slice(0, 300)}; try again`);
  }
  const reply = await desk.ask({
    ...{ kind: "search", model: modelOf(desk), vector },
    ...{ limit: numberOr(args, "limit", 5), chars: context.shell.replyChars },
  });
  return reply.kind === "other-model" ? otherModel(desk, reply.model) : resultOf(reply);
}
