/** What the caller of forge_tool wants, held against itself before anybody is asked to write code. Pure. */
import type { Language } from "../../sandbox/throwaway/request.ts";
import { isObject } from "../../system/json.ts";
import { samePurpose } from "./names.ts";
import type { Example, Fits, Json, Order } from "./types.ts";

const defaults = { timeoutSeconds: 30, memoryMb: 512 } as const;

/** Arguments were held against the schema of forge_tool before. */
export function orderOf(args: Json): Order {
  const { timeout_seconds: timeout, memory_mb: memory } = args;
  return {
    name: String(args["name"]),
    purpose: String(args["purpose"]).trim(),
    language: (args["language"] ?? "python") as Language,
    inputs: args["inputs"] as Json,
    output: args["output"] as Json,
    examples: args["examples"] as readonly Example[],
    limits: {
      timeoutSeconds: typeof timeout === "number" ? timeout : defaults.timeoutSeconds,
      memoryMb: typeof memory === "number" ? memory : defaults.memoryMb,
    },
  };
}

/** A tool in use. */
export type Known = Pick<Order, "name" | "purpose">;

const mostSchemaChars = 32 * 1024;

/** Why nothing can be made of it, or null. */
export function orderTrouble(
  order: Order,
  known: readonly Known[],
  { inputs, output }: { readonly inputs: Fits; readonly output: Fits },
): string | null {
  const same = samePurpose(order, known);
  return (
    (same === null
      ? null
      : `forged.${same} is there for the same purpose: call it, or forge it again by that name`) ??
    schemaTrouble("inputs", order.inputs) ??
    (order.inputs["type"] === "object" ? null : `inputs: its type must be "object"`) ??
    schemaTrouble("output", order.output) ??
    exampleTrouble(order.examples, inputs, output)
  );
}

function schemaTrouble(what: string, schema: Json): string | null {
  const { length } = JSON.stringify(schema);
  return length <= mostSchemaChars
    ? null
    : `${what}: a schema of ${length} characters, at most ${mostSchemaChars} may be`;
}

function exampleTrouble(examples: readonly Example[], inputs: Fits, output: Fits): string | null {
  for (const [index, example] of examples.entries()) {
    const where = `example ${index + 1}`;
    const args = isObject(example.arguments) ? inputs(example.arguments) : "it is no object";
    if (args !== null) return `${where}: its arguments do not fit inputs: ${args}`;
    const result = output(example.result);
    if (result !== null) return `${where}: its result does not fit output: ${result}`;
  }
  return null;
}
