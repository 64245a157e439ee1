/**
 * Holds a parsed manifest or con.yaml against its JSON Schema and says in words what was expected.
 *
 * Only for commands that read what people wrote: bootstrap, verify. A running agent never comes
 * here. The words come from the `description`s of the schema files that editors show too.
 */
import {
  Ajv2020,
  type AnySchemaObject,
  type ErrorObject,
  type ValidateFunction,
} from "ajv/dist/2020.js";
import { nearest } from "./nearest.ts";
import agentSchema from "./schema/agent.schema.json" with { type: "json" };
import systemSchema from "./schema/con.schema.json" with { type: "json" };
import roleSchema from "./schema/role.schema.json" with { type: "json" };
import type { KeyPath } from "./source.ts";

export interface Issue {
  readonly path: KeyPath;
  /** Whether the key itself is at fault, not what it holds. */
  readonly of: "key" | "value";
  readonly why: string;
  readonly remedy: string;
}

export type Validate = (value: unknown) => Issue[];

export function createValidators(): Readonly<Record<"system" | "agent" | "role", Validate>> {
  const ajv = compiler();
  const system = ajv.compile(systemSchema);
  const agent = ajv.compile(agentSchema);
  // Compiled when there is a role: few installations have one.
  const role: Validate = (value) => issuesOf(ajv.compile(roleSchema))(value);
  return { system: issuesOf(system), agent: issuesOf(agent), role };
}

/** For what people write in other files, with the same words. */
export const validatorOf = (schema: AnySchemaObject): Validate =>
  issuesOf(compiler().compile(schema));

function compiler(): Ajv2020 {
  // `type: [array, object]` with constraints of both is meant, hence no strictTypes; a list whose first
  // entry has a form of its own goes on, hence no strictTuples.
  // validateSchema would compile the meta-schema first, 40 ms; a test holds our schemas against it.
  return new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    validateSchema: false,
  });
}

/** Keywords that only say that another one failed. */
const summaries: ReadonlySet<string> = new Set(["propertyNames", "if"]);

function issuesOf(validate: ValidateFunction): Validate {
  return (value) => {
    if (validate(value)) return [];
    const errors = validate.errors ?? [];
    return errors.filter(({ keyword }) => !summaries.has(keyword)).map(issueOf);
  };
}

function issueOf(error: ErrorObject): Issue {
  const path = pointer(error.instancePath);
  const params = error.params as Record<string, unknown>;
  if (error.keyword === "additionalProperties")
    return unknownKey(path, String(params["additionalProperty"]), error);
  if (error.propertyName !== undefined)
    return {
      path: [...path, error.propertyName],
      of: "key",
      why: `${error.propertyName} is not a valid name`,
      remedy: `write ${expectation(error)}`,
    };
  if (error.keyword === "required") {
    const key = String(params["missingProperty"]);
    return {
      path,
      of: "value",
      why: `${key} is missing`,
      remedy: `add ${key}: ${hint(error, key)}`,
    };
  }
  return { path, of: "value", why: whyOf(error), remedy: `expected ${expectation(error)}` };
}

function unknownKey(path: KeyPath, key: string, error: ErrorObject): Issue {
  const known = Object.keys((error.parentSchema as Schema | undefined)?.properties ?? {});
  return {
    path: [...path, key],
    of: "key",
    why: `there is no key ${key}`,
    remedy: whichKeys(key, known),
  };
}

function whichKeys(key: string, known: readonly string[]): string {
  if (known.length === 0) return "nothing is written here";
  const all = `the keys here are: ${known.join(", ")}`;
  const guess = nearest(key, known);
  if (guess === null) return all;
  return known.length > 16 ? `did you mean ${guess}?` : `did you mean ${guess}? ${all}`;
}

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

const expectation = (error: ErrorObject): string =>
  (error.parentSchema as Schema | undefined)?.description ?? error.message ?? "something else";

const hint = (error: ErrorObject, key: string): string =>
  (error.parentSchema as Schema | undefined)?.properties?.[key]?.description ?? "a value";

function whyOf(error: ErrorObject): string {
  const shown = JSON.stringify(error.data) ?? "nothing";
  const cut = shown.length > 80 ? `${shown.slice(0, 80)}…` : shown;
  if (error.keyword === "uniqueItems") return "it has the same entry twice";
  if (error.keyword === "type" && error.data === null) return "it has no value";
  return `${cut} does not fit`;
}

/** JSON Pointer (RFC 6901) → path; list indices become numbers. */
function pointer(text: string): (string | number)[] {
  const parts = text.split("/").slice(1);
  return parts.map((part) => {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    return /^\d+$/.test(key) ? Number(key) : key;
  });
}
