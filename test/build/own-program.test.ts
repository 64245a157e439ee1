/** What a wake loads before it does anything, by the same plugin as the bundle's. */
import { resolve } from "node:path";
import { build, type Metafile } from "esbuild";
import { expect, test } from "vitest";
import { oneStart } from "../../build/own-program.ts";

/** The files that `output` loads at once, and what is in them. */
function loaded({ outputs }: Metafile, output: string) {
  const files = new Set([output]);
  for (const file of files)
    for (const { path, kind, external } of outputs[file]?.imports ?? [])
      if (kind === "import-statement" && external !== true) files.add(path);
  const modules = [...files].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
  return { files: files.size, modules };
}

async function startOf(verb: string) {
  const start = resolve(`src/commands/${verb}.ts`);
  const { metafile } = await build({
    entryPoints: { [verb]: start },
    ...{ outdir: "dist", bundle: true, splitting: true, write: false, metafile: true },
    ...{ format: "esm", platform: "node", logLevel: "error" },
    external: ["better-sqlite3", "koffi", "playwright-core", "sqlite-vec"],
    plugins: [oneStart(start)],
  });
  return { ...loaded(metafile, `dist/${verb}.js`), metafile };
}

test("a wake loads a few files, and nothing of what only some tasks need", async () => {
  const { files, modules, metafile } = await startOf("run");
  expect(files).toBeLessThanOrEqual(6);
  expect(modules).toContain("src/agent/loop.ts");
  const late = ["src/generated/tool-validators.js", "src/tools/mcp/", "node_modules/"];
  const all = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
  for (const part of late) {
    expect(modules.filter((name) => name.startsWith(part))).toEqual([]);
    // Positive control: it is somewhere in the bundle.
    expect([part, all.some((name) => name.startsWith(part))]).toEqual([part, true]);
  }
});

test("errors are those of the entry, or its exit codes would be lost", async () => {
  const { metafile } = await startOf("run");
  const all = Object.values(metafile.outputs);
  expect(all.flatMap(({ inputs }) => Object.keys(inputs))).not.toContain("src/system/errors.ts");
  const outside = all.flatMap(({ imports }) => imports).filter(({ external }) => external === true);
  expect(outside.map(({ path }) => path)).toContain("../errors.mjs");
});
