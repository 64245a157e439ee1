/**
 * Runs one built-in check of con inside a container by itself, without evaluator and timer: the bundled
 * driver with the check's name and arguments; its verdict comes back.
 */
import { build } from "esbuild";
import type { Verdict } from "../../../src/contract/types.ts";
import { type Container, repository } from "./container.ts";

const place = "/usr/lib/con/con-driver.mjs";
const node = "/usr/lib/con/node/bin/node";
const banner =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

export type Ask = (name: string, args?: object) => Promise<Verdict>;

/** Puts the driver in place; the returned function asks one check. */
export async function putDriver(container: Container): Promise<Ask> {
  const { outputFiles } = await build({
    entryPoints: [`${repository}/test/image/support/con-driver.ts`],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node24",
    external: ["better-sqlite3", "koffi"],
    banner: { js: banner },
  });
  // The canary runs it as an agent.
  await container.copyIn(place, outputFiles[0]?.contents ?? "", 0o755);
  return async (name, args = {}) => {
    const argv = [node, place, "check", name, JSON.stringify(args)];
    return (JSON.parse(await container.must(argv)) as { verdict: Verdict }).verdict;
  };
}
