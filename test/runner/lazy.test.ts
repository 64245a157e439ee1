/** What a waking runner loads before anything is asked of it: nothing of the memory but names of files. */
import { build } from "esbuild";
import { expect, it } from "vitest";

const heavy =
  /^src\/(memory|runner\/memory\/(work|desk|shared|said|summary|turns|embedder|index-text))[./]/;

it("keeps the memory out of what con run imports at once", async () => {
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
  const outputs = Object.entries(metafile.outputs);
  const importsOf = (output: string) => metafile.outputs[output]?.imports ?? [];
  const reached = new Set(["out/run.js"]);
  for (const output of reached)
    for (const { path, kind } of importsOf(output))
      if (kind === "import-statement") reached.add(path);
  const inputs = outputs.flatMap(([name, { inputs }]) =>
    reached.has(name) ? Object.keys(inputs) : [],
  );
  expect(inputs.filter((input) => heavy.test(input))).toEqual([]);
  // Answers are held against schemas by a validator that few tasks need.
  expect(inputs.filter((input) => input.includes("node_modules/ajv/"))).toEqual([]);
  expect(reached).not.toContain("better-sqlite3");
  // It is there, behind a dynamic import.
  expect(outputs.some(([, { inputs }]) => Object.hasOwn(inputs, "src/memory/open.ts"))).toBe(true);
});
