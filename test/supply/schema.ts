/** Holds a list of parts against the schema of CycloneDX 1.6, as its JavaScript library ships it. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Ajv } from "ajv";
import { readJson } from "./lock.ts";

const place = join(
  dirname(createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json")),
  "res/schema",
);

/** Formats of addresses are not looked at: ajv has them in packages of their own. */
export function billErrors(bill: object): string[] {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  for (const name of ["spdx", "jsf-0.82", "cryptography-defs"]) {
    const file = `${name}.SNAPSHOT.schema.json`;
    ajv.addSchema(readJson(place, file) as object, `http://cyclonedx.org/schema/${file}`);
  }
  const validate = ajv.compile(readJson(place, "bom-1.6.SNAPSHOT.schema.json") as object);
  if (validate(bill)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}
