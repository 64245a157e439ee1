/**
 * Holds arguments against the schema of a tool that con does not ship. Loads ajv, so it is loaded only when such a tool
 * is called. Never: throws for what a schema or a value is; compiles anything but a tamed schema (tame.ts).
 */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { tamed } from "./tame.ts";

/** Null when `args` fit, else what is wrong, in words. */
export type Check = (args: unknown) => string | null;

const mostErrors = 8;
const wordChars = 200;

export function checkOf(parameters: unknown): Check {
  try {
    const validate = compiler().compile(tamed(parameters));
    return (args) => guarded(() => (validate(args) ? null : inWords(validate.errors ?? [])));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return () => `the schema of this tool cannot be read: ${short(why)}`;
  }
}

const compiler = (): Ajv2020 =>
  new Ajv2020({
    strict: false,
    allErrors: true,
    // What every object inherits is not in the arguments.
    ownProperties: true,
    validateFormats: false,
    validateSchema: false,
    meta: false,
    addUsedSchema: false,
    logger: false,
  });

/** Nested deeper than the stack is long; or compared, and with a name like toString, which ajv calls then. */
function guarded(judge: () => string | null): string | null {
  try {
    return judge();
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError)
      return `the arguments cannot be judged: ${short(error.message)}`;
    throw error;
  }
}

function inWords(errors: readonly ErrorObject[]): string {
  const said = [...new Set(errors.map(words))];
  const more = said.length > mostErrors ? `; and ${said.length - mostErrors} more` : "";
  return `${said.slice(0, mostErrors).join("; ")}${more}`;
}

function words({ instancePath, message, params }: ErrorObject): string {
  const { additionalProperty, allowedValues, allowedValue } = params as Record<string, unknown>;
  const named = additionalProperty ?? allowedValues ?? allowedValue;
  const rest = named === undefined ? "" : `: ${JSON.stringify(named)}`;
  return short(`${instancePath || "arguments"} ${message ?? "is wrong"}${rest}`);
}

const short = (text: string): string =>
  text.length <= wordChars ? text : `${text.slice(0, wordChars).toWellFormed()}…`;
