/**
 * Bundles `src/con.ts` into `dist/`: one entry, one chunk per command, so that a verb loads only
 * what it needs, and for a few verbs one file with all of that (own-program.ts). Native packages stay outside; the image installs them beside the bundle.
 */
import { chmod, readFile, rename, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { leaseFilter } from "./lease-filter.ts";
import { oneStart, ownPrograms, ownVerbs, sharedModule } from "./own-program.ts";
import { licenceTexts, partsOf } from "./parts.ts";

/** Packages with native code or files of their own; `image/` copies exactly these. */
export const external = ["better-sqlite3", "koffi", "playwright-core", "sqlite-vec"];

const banner = [
  "#!/usr/lib/con/node/bin/node",
  // CommonJS dependencies inside an ESM bundle still call require() for node's own modules.
  'import { createRequire as __createRequire } from "node:module";',
  "const require = __createRequire(import.meta.url);",
].join("\n");

const chunkBanner = banner.split("\n").slice(1).join("\n");

/**
 * An ESM import of a built-in module reads every property of it once, to make the names; `node:http`
 * has lazy ones that load undici (20 ms). Taken with getBuiltinModule, nothing is read before its use.
 */
const builtins: Plugin = {
  name: "builtins",
  setup(builder) {
    builder.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    builder.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

const options = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  outExtension: { ".js": ".mjs" },
  banner: { js: chunkBanner },
  external,
  minify: true,
  keepNames: true,
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
} as const;

const buildAll = (outdir: string) =>
  build({
    ...options,
    outdir,
    entryPoints: {
      con: "src/con.ts",
      // Starts for every run of untrusted code: it loads nothing of the first.
      sandbox: "src/sandbox/throwaway/serve.ts",
      errors: sharedModule,
    },
    chunkNames: "chunks/[name]-[hash]",
    plugins: [builtins, ownVerbs],
  });

function buildOwn(outdir: string, verb: string) {
  const start = resolve(`src/commands/${verb}.ts`);
  return build({
    ...options,
    outdir: `${outdir}/${verb}`,
    entryPoints: { [verb]: start },
    chunkNames: "[name]-[hash]",
    plugins: [builtins, oneStart(start)],
  });
}

/** What con-layer@.service runs: one file, with npm's library, which asks where it lies. */
const buildInstaller = (outdir: string) =>
  build({
    ...options,
    outdir,
    entryPoints: { layer: "src/installer/main.ts" },
    splitting: false,
    sourcemap: false,
    banner: {
      js: `${chunkBanner}\nconst __dirname = import.meta.dirname, __filename = import.meta.filename;`,
    },
    logLevel: "error",
  });

/**
 * Built beside its place and put there at the end: whoever copies `final` meanwhile gets a whole one. The same sources
 * give the same bytes.
 */
async function bundle(final: string): Promise<void> {
  const outdir = `${final}.part-${process.pid}`;
  const built: { readonly metafile: Metafile }[] = [await buildAll(outdir)];
  for (const verb of ownPrograms) built.push(await buildOwn(outdir, verb));
  built.push(await buildInstaller(outdir));
  const outputs = built.flatMap(({ metafile }) => Object.values(metafile.outputs));
  const inputs = outputs.flatMap(({ inputs }) =>
    Object.keys(inputs).filter((input) => (inputs[input]?.bytesInOutput ?? 0) > 0),
  );
  await addShebang(`${outdir}/con.mjs`);
  await writeFile(`${outdir}/leases.bpf`, leaseFilter());
  await writeFile(`${outdir}/parts.json`, `${JSON.stringify(partsOf(inputs, "."), null, 1)}\n`);
  await writeFile(`${outdir}/licences.txt`, licenceTexts(inputs, "."));
  await rm(final, { recursive: true, force: true });
  await rename(outdir, final);
}

async function addShebang(path: string): Promise<void> {
  await writeFile(path, `${banner.split("\n")[0]}\n${await readFile(path, "utf8")}`);
  await chmod(path, 0o755);
}

await bundle(process.argv[2] ?? "dist");
