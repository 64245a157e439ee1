/** What `con run` loads before anything is asked of it, as the bundler sees it: everything but dynamic imports. */
import { build } from "esbuild";

interface Loaded {
  /** Source files. */
  readonly inputs: readonly string[];
  /** Chunks, and packages that stay outside the bundle. */
  readonly reached: ReadonlySet<string>;
  /** Source files of the whole program, dynamic imports included. */
  readonly all: readonly string[];
}

export async function loadedAtOnce(): Promise<Loaded> {
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
  return {
    inputs: [...reached].flatMap(inputsOf),
    reached,
    all: Object.keys(metafile.outputs).flatMap(inputsOf),
  };
}
