/**
 * Makes one chunk of all that a verb needs at its start, where splitting among all verbs would make dozens: each file
 * is a module that Node opens, reads and links, about 0.5 ms.
 *
 * esbuild makes a chunk for each set of entry points that reach the same modules, and every `import()` is an entry point.
 * So the late ones are made to reach the start's modules too: there is one such set then. What is only reached late stays
 * in chunks of its own.
 */
import { dirname, resolve } from "node:path";
import type { Plugin } from "esbuild";

/** Of both bundles, or `instanceof` would tell the same error apart. */
export const sharedModule = resolve("src/system/errors.ts");

/** Verbs on the way of a wake, and those that people wait for most. */
export const ownPrograms: readonly string[] = ["run", "gateway", "task", "status"];

const isShared = (from: string, path: string): boolean => resolve(from, path) === sharedModule;

/** For the bundle of one verb, which lies in a folder of its own. */
export const oneStart = (start: string): Plugin => ({
  name: "one-start",
  setup(builder) {
    builder.onResolve({ filter: /^\./ }, ({ path, resolveDir, kind, pluginData }) => {
      if (isShared(resolveDir, path)) return { path: "../errors.mjs", external: true };
      if (kind !== "dynamic-import" || pluginData === "late") return null;
      return { path: resolve(resolveDir, path), namespace: "late" };
    });
    builder.onLoad({ filter: /.*/, namespace: "late" }, ({ path }) => ({
      contents: `import ${JSON.stringify(start)}; export * from ${JSON.stringify(path)};`,
      resolveDir: dirname(path),
    }));
  },
});

/** For the bundle of all the others: the verbs that have their own are beside it. */
export const ownVerbs: Plugin = {
  name: "own-verbs",
  setup(builder) {
    builder.onResolve({ filter: /^\.\/commands\/[a-z]+\.ts$/ }, ({ path, importer, kind }) => {
      const verb = /([a-z]+)\.ts$/.exec(path)?.[1] ?? "";
      const isOwn = kind === "dynamic-import" && importer === resolve("src/con.ts");
      if (!isOwn || !ownPrograms.includes(verb)) return null;
      return { path: `./${verb}/${verb}.mjs`, external: true };
    });
  },
};
