/**
 * A long task: 300 numbers, each from one call of a tool, to be added up. The model knows nothing but what a request
 * holds; what a compaction loses, its answer lacks.
 */
import type { Message, ModelEvent, ModelRequest, StreamModel } from "../../../src/model/types.ts";
import type { ToolResult } from "../../../src/tools/result.ts";
import type { Tool } from "../../../src/tools/tool.ts";

export const numberAt = (n: number): number => (n * 7919) % 1009;

export const totalOf = (steps: number): number =>
  Array.from({ length: steps }, (_, at) => numberAt(at + 1)).reduce((a, b) => a + b, 0);

const filler = (n: number): string =>
  `Line ${n} of the ledger, with the usual remarks: ${"nothing to see here, really; ".repeat(8 + (n % 40))}`;

export const ledgerTool = (called: (n: number) => void): Tool => ({
  name: "ledger",
  description: "Reads one number of the ledger.",
  parameters: {
    type: "object",
    properties: { n: { type: "integer" } },
    required: ["n"],
    additionalProperties: false,
  },
  parallel: false,
  async run({ n }): Promise<ToolResult> {
    called(Number(n));
    return { ok: true, text: `entry ${n} value ${numberAt(Number(n))}. ${filler(Number(n))}` };
  },
});

interface Known {
  readonly done: number;
  readonly total: number;
}

/** `done=K total=T` as a summary says it, and the results that follow. */
function knownFrom(texts: readonly string[]): Known | null {
  let known: Known = { done: 0, total: 0 };
  for (const text of texts)
    for (const [, done, total] of text.matchAll(/done=(\d+) total=(\d+)/g))
      if (Number(done) > known.done) known = { done: Number(done), total: Number(total) };
  const values = new Map<number, number>();
  for (const text of texts)
    for (const [, n, value] of text.matchAll(/entry (\d+) value (\d+)\./g))
      values.set(Number(n), Number(value));
  const last = Math.max(known.done, ...values.keys());
  for (let n = known.done + 1; n <= last; n += 1) {
    const value = values.get(n);
    if (value === undefined) return null;
    known = { done: n, total: known.total + value };
  }
  return known;
}

const textOf = ({ content }: Message): string => (typeof content === "string" ? content : "");

const usage = { input: 0, output: 5 };

interface Call {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

interface Asked {
  readonly messages: readonly Message[];
  /** Name of the form that the answer shall have, if any. */
  readonly form: string | undefined;
}

/** What the model of the long task says; `callFor` reads one number. Needs nothing but this file. */
export function replyFor(
  { messages, form }: Asked,
  steps: number,
  callFor: (n: number) => Call,
): { readonly text: string; readonly calls: readonly Call[] } {
  if (form === "memory_extraction") {
    const memory = { category: "ledger", title: "ledger", text: "It exists.", kind: "fact" };
    return { text: JSON.stringify({ memories: [memory] }), calls: [] };
  }
  const known = knownFrom(messages.map(textOf));
  if (known === null) return { text: form === undefined ? "something was lost" : "{", calls: [] };
  const { done, total } = known;
  if (form !== undefined) {
    const summary = {
      facts: [`done=${done} total=${total}`],
      state: "adding up",
      plan: "read on",
      open_questions: [],
      pending_user_input: "",
    };
    return { text: JSON.stringify(summary), calls: [] };
  }
  if (done >= steps) return { text: `The total is ${total}.`, calls: [] };
  return { text: "", calls: [callFor(done + 1)] };
}

/** Tells each request to `see` before it answers. */
export const ledgerModel = (steps: number, see: (request: ModelRequest) => void): StreamModel =>
  async function* (request): AsyncGenerator<ModelEvent> {
    see(request);
    const asked = { messages: request.messages, form: request.form?.name };
    const { text, calls } = replyFor(asked, steps, (n) => ({
      id: `read-${n}`,
      name: "ledger",
      arguments: `{"n":${n}}`,
    }));
    const reply = { text, toolCalls: calls, model: "test/ledger", usage, costUsd: 0 };
    yield { kind: "reply", reply };
  };
