/**
 * Compiles the argument schemas of the built-in tools, and the forms in which models answer, to code, so that
 * a waking runner neither loads ajv nor compiles a schema (about 40 ms). Output: `tool-validators.js` and
 * `structured-validators.js` in `src/generated`, and their types.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import standaloneModule from "ajv/dist/standalone/index.js";
import { build } from "esbuild";
import { contextSchemas } from "../src/agent/context/schemas.ts";
import { detailsParameters } from "../src/agent/toolbox/details.ts";
import { forgeForms } from "../src/tools/forge/forms.ts";
import { builtinTools } from "../src/tools/registry.ts";
import { roleForms } from "../src/tools/roles/forms.ts";

const directory = "src/generated";

// Under Node's ESM loader a CommonJS default export arrives one level down.
const standalone = standaloneModule.default;

type Schemas = Readonly<Record<string, object>>;

const toolSchemas = (): Schemas => ({
  ...Object.fromEntries(builtinTools().map(({ name, parameters }) => [name, parameters])),
  // It has no grant of its own: it comes with an index.
  tool_details: detailsParameters,
});

function compileSchemas(schemas: Schemas): string {
  const ajv = new Ajv2020({ code: { source: true, esm: true }, allErrors: true, strict: true });
  const exported: Record<string, string> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    ajv.addSchema(schema, name);
    exported[name] = name;
  }
  return `${standalone(ajv, exported)}\nexport const validators = {${Object.keys(exported).join(",")}};\n`;
}

/** ajv's own run-time helpers come in by require(); bundling makes the file stand alone. */
async function generate(name: string, schemas: Schemas): Promise<void> {
  await mkdir(directory, { recursive: true });
  await build({
    stdin: { contents: compileSchemas(schemas), resolveDir: process.cwd(), loader: "js" },
    outfile: `${directory}/${name}.js`,
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "warning",
  });
  await writeFile(`${directory}/${name}.d.ts`, declarations);
}

const declarations = `/** A validator made by ajv: \`errors\` belongs to the latest call. */
export interface Validator {
  (args: unknown): boolean;
  errors?: null | readonly { readonly instancePath: string; readonly message?: string }[];
}
export declare const validators: Readonly<Record<string, Validator>>;
`;

await generate("tool-validators", toolSchemas());
await generate("structured-validators", { ...contextSchemas, ...roleForms, ...forgeForms });
