/**
 * Bundles `src/con.ts` into `dist/`: one entry, one chunk per command, so that a verb loads only
 * what it needs. Native packages stay outside; the image installs them beside the bundle.
 */
import { chmod, readFile, rename, rm, writeFile } from "node:fs/promises";
import { build, type Plugin } from "esbuild";
import { leaseFilter } from "./lease-filter.ts";

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

/** Built beside its place and put there at the end: whoever copies `final` meanwhile gets a whole one. */
async function bundle(final: string): Promise<void> {
  const outdir = `${final}.part-${process.pid}`;
  await build({
    // The second starts for every run of untrusted code: it loads nothing of the first.
    entryPoints: { con: "src/con.ts", sandbox: "src/sandbox/throwaway/serve.ts" },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunks/[name]-[hash]",
    banner: { js: chunkBanner },
    external,
    plugins: [builtins],
    minify: true,
    keepNames: true,
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    logLevel: "warning",
  });
  await addShebang(`${outdir}/con.mjs`);
  await writeFile(`${outdir}/leases.bpf`, leaseFilter());
  await rm(final, { recursive: true, force: true });
  await rename(outdir, final);
}

async function addShebang(path: string): Promise<void> {
  await writeFile(path, `${banner.split("\n")[0]}\n${await readFile(path, "utf8")}`);
  await chmod(path, 0o755);
}

await bundle("dist");
