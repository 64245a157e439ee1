/**
 * An answer that must be one JSON value and fit a schema. Loads ajv, so it is loaded only for such tasks.
 *
 * The schema is a stranger's: task/done-when/schema.ts has bounded it; ajv makes code of it, with every name
 * and value quoted. Never: takes longer than `limitMs`, or says more wrong things at once than can be held.
 */
import vm from "node:vm";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { unfolded } from "../../task/done-when/schema.ts";
import type { JsonSchema } from "../../task/done-when/types.ts";
import { failed, type Made, notMade, passed } from "./verdict.ts";

const limitMs = 2000;

export function jsonCheck(schema: JsonSchema, answer: string, timeout = limitMs): Made {
  try {
    // The limit is V8's: it ends what is called from there as well.
    return vm.runInNewContext("judge()", { judge: () => judge(schema, answer) }, { timeout });
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
      return notMade(`to hold the answer against the schema took longer than ${timeout} ms`);
    // Nested deeper than the stack is long; or compared, and with a name like toString, which ajv calls then.
    if (error instanceof RangeError || error instanceof TypeError)
      return notMade(`the answer cannot be judged: ${error.message}`);
    throw error;
  }
}

function judge(schema: JsonSchema, answer: string): Made {
  const parsed = parse(answer);
  if ("why" in parsed) return failed(parsed.why);
  const validate = compile(schema, answer.length);
  if (validate(parsed.value)) return passed("it is JSON that fits the schema");
  return failed(`it does not fit the schema: ${inWords(validate.errors ?? [])}`);
}

type Parsed = { readonly value: unknown } | { readonly why: string };

function parse(answer: string): Parsed {
  try {
    const value: unknown = JSON.parse(answer);
    // Whoever reads it may take the first, and not the last, which is what is checked.
    if (keysWritten(answer) !== keysOf(value)) return { why: "an object in it has a key twice" };
    return { value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { why: `it must be one JSON value and nothing else: ${error.message}` };
  }
}

/** Only for JSON: there every string is a token, and those before a colon are keys. */
const keysWritten = (json: string): number =>
  (json.match(/"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*:)?/g) ?? []).filter((token) => token.endsWith(":"))
    .length;

function keysOf(json: unknown): number {
  let count = 0;
  const rest = [json];
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value !== "object" || value === null) continue;
    const inner: readonly unknown[] = Object.values(value);
    if (!Array.isArray(value)) count += inner.length;
    for (const one of inner) rest.push(one);
  }
  return count;
}

/** Characters of the answer times those of the schema, up to which everything that is wrong is said. */
const sayAll = 8_000_000;

function compile(schema: JsonSchema, length: number) {
  const ajv = new Ajv2020({
    allErrors: length * unfolded("the schema", schema) <= sayAll,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allowUnionTypes: true,
    // What every object inherits is not in the answer.
    ownProperties: true,
    // A schema that is written out at each place that refers to it could become very long code.
    inlineRefs: false,
    validateSchema: false,
    meta: false,
    addUsedSchema: false,
    logger: false,
  });
  return ajv.compile(schema);
}

const mostErrors = 8;
/** Keywords that only say that another one failed. */
const summaries: ReadonlySet<string> = new Set(["propertyNames", "if"]);

function inWords(errors: readonly ErrorObject[]): string {
  const telling = errors.filter(({ keyword }) => !summaries.has(keyword));
  const said = [...new Set((telling.length === 0 ? errors : telling).map(words))];
  const more = said.length > mostErrors ? `; and ${said.length - mostErrors} more` : "";
  return `${said.slice(0, mostErrors).join("; ")}${more}`;
}

function words({ instancePath, message, params, propertyName }: ErrorObject): string {
  const at = instancePath === "" ? "at the top" : `at ${short(instancePath)}`;
  const name = propertyName === undefined ? "" : `, name ${short(JSON.stringify(propertyName))}`;
  const { additionalProperty, allowedValues, allowedValue } = params as Record<string, unknown>;
  const named = additionalProperty ?? allowedValues ?? allowedValue;
  const rest = named === undefined ? "" : `: ${short(JSON.stringify(named))}`;
  return `${at}${name}: ${message ?? "it does not fit"}${rest}`;
}

const short = (text: string): string =>
  text.length <= 120 ? text : `${text.slice(0, 120).toWellFormed()}…`;
