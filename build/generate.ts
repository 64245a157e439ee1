/**
 * Compiles the argument schemas of the built-in tools to code, so that a waking runner neither loads
 * ajv nor compiles a schema (about 40 ms). Output: `src/generated/tool-validators.js` and its types.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import standaloneModule from "ajv/dist/standalone/index.js";
import { build } from "esbuild";
import { builtinTools } from "../src/tools/registry.ts";

const directory = "src/generated";

// Under Node's ESM loader a CommonJS default export arrives one level down.
const standalone = standaloneModule.default;

function compileSchemas(): string {
  const ajv = new Ajv2020({ code: { source: true, esm: true }, allErrors: true, strict: true });
  const exported: Record<string, string> = {};
  for (const tool of builtinTools()) {
    ajv.addSchema(tool.parameters, tool.name);
    exported[tool.name] = tool.name;
  }
  return `${standalone(ajv, exported)}\nexport const validators = {${Object.keys(exported).join(",")}};\n`;
}

/** ajv's own run-time helpers come in by require(); bundling makes the file stand alone. */
async function generate(): Promise<void> {
  await mkdir(directory, { recursive: true });
  await build({
    stdin: { contents: compileSchemas(), resolveDir: process.cwd(), loader: "js" },
    outfile: `${directory}/tool-validators.js`,
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "warning",
  });
  await writeFile(`${directory}/tool-validators.d.ts`, declarations);
}

const declarations = `/** A validator made by ajv: \`errors\` belongs to the latest call. */
export interface Validator {
  (args: unknown): boolean;
  errors?: null | readonly { readonly instancePath: string; readonly message?: string }[];
}
export declare const validators: Readonly<Record<string, Validator>>;
`;

await generate();
