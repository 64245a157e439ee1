/** Bytes of a request → the request, or why it is none. Guesses nothing, repairs nothing. */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { quoted } from "./quote.ts";
import schema from "./request.schema.json" with { type: "json" };
import type { StewardRequest } from "./types.ts";

export type Parsed =
  | { readonly ok: true; readonly request: StewardRequest }
  | { readonly ok: false; readonly why: string };

export type ParseRequest = (bytes: Uint8Array) => Parsed;

/** Compiled once for a run of the steward. */
export function createParser(): ParseRequest {
  const ajv = new Ajv2020({
    discriminator: true,
    strict: true,
    // `required` stands above `oneOf`, beside no `properties` of its own.
    strictRequired: false,
    allowUnionTypes: true,
    verbose: true,
    validateSchema: false,
  });
  const validate = ajv.compile<StewardRequest>(schema);
  return (bytes) => {
    const value = parseJson(bytes);
    if ("why" in value) return { ok: false, why: value.why };
    if (validate(value.json)) return { ok: true, request: value.json };
    return { ok: false, why: inWords(validate.errors?.[0]) };
  };
}

function parseJson(bytes: Uint8Array): { readonly json: unknown } | { readonly why: string } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { json: JSON.parse(text) as unknown };
  } catch (error) {
    // TypeError: not UTF-8. RangeError: nested deeper than the parser goes.
    const known = [SyntaxError, TypeError, RangeError].some((kind) => error instanceof kind);
    if (!known) throw error;
    return { why: "it is no JSON" };
  }
}

function inWords(error: ErrorObject | undefined): string {
  if (error === undefined) return "it does not fit the schema";
  const at = error.instancePath.slice(1) || "the request";
  const params = error.params as Record<string, unknown>;
  if (error.keyword === "additionalProperties")
    return `${at}: there is no key ${quoted(String(params["additionalProperty"]))} here`;
  if (error.keyword === "required") return `${at}: ${String(params["missingProperty"])} is missing`;
  if (error.keyword === "discriminator") return "verb: there is no such verb";
  const wanted = (error.parentSchema as { description?: unknown } | undefined)?.description;
  return `${at}: ${typeof wanted === "string" ? `must be ${wanted}` : (error.message ?? "")}`;
}
