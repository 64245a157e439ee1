/** Puts a program of the tests into a container: one bundled file, run with the node that is there. */
import { build } from "esbuild";
import { type Container, repository } from "./container.ts";

const banner =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** `name` is that of a file beside this one; returns the argv that runs it. */
export async function putProgram(
  container: Container,
  name: string,
): Promise<readonly [string, string]> {
  const place = `/usr/lib/con/${name}.mjs`;
  const { outputFiles } = await build({
    entryPoints: [`${repository}/test/image/support/${name}.ts`],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node24",
    external: ["better-sqlite3", "koffi", "sqlite-vec"],
    banner: { js: banner },
  });
  // The canary runs it as an agent.
  await container.copyIn(place, outputFiles[0]?.contents ?? "", 0o755);
  return ["/usr/lib/con/node/bin/node", place];
}
