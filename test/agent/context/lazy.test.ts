/** What a waking runner loads before anything is asked of it: no tokenizer, no schema compiler, no repair of JSON. */
import { build } from "esbuild";
import { expect, it } from "vitest";

const heavy = /node_modules\/(gpt-tokenizer|jsonrepair|ajv|yaml|openai)\/|structured-validators/;

it("keeps the tokenizer out of what con run imports at once", async () => {
  const { metafile } = await build({
    entryPoints: { run: "src/commands/run.ts" },
    outdir: "out",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    external: ["better-sqlite3", "koffi", "sqlite-vec"],
    metafile: true,
    write: false,
    logLevel: "error",
  });
  const inputsOf = (output: string): string[] =>
    Object.keys(metafile.outputs[output]?.inputs ?? {});
  const reached = new Set(["out/run.js"]);
  for (const output of reached)
    for (const { path, kind } of metafile.outputs[output]?.imports ?? [])
      if (kind === "import-statement") reached.add(path);
  expect([...reached].flatMap(inputsOf).filter((input) => heavy.test(input))).toEqual([]);
  // It is there, behind a dynamic import.
  const all = Object.keys(metafile.outputs).flatMap(inputsOf);
  expect(all.some((input) => input.includes("gpt-tokenizer"))).toBe(true);
});
